import type { ExportSink } from "./exportFile";

interface FileHandle {
  createWritable: () => Promise<WritableStream & { write: (chunk: BufferSource) => Promise<void> }>;
}
type Picker = (options: { suggestedName: string }) => Promise<FileHandle>;

/**
 * Asks the reader where a file shall be, where the browser lets a page write one as it comes; elsewhere the file is put
 * together in memory and then handed over. To be called while a click is fresh. Null: the reader does not want it after all.
 */
export async function chooseSink(fileName: string): Promise<ExportSink | null> {
  const pick = (window as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  if (!pick) return inMemory(fileName);
  try {
    const stream = await (await pick({ suggestedName: fileName })).createWritable();
    return { write: (chunk) => stream.write(chunk), close: () => stream.close(), abort: () => stream.abort() };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    return inMemory(fileName);
  }
}

function inMemory(fileName: string): ExportSink {
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  return {
    write: (chunk) => void chunks.push(chunk),
    abort: () => void (chunks = []),
    close: () => {
      const url = URL.createObjectURL(new Blob(chunks));
      const link = document.createElement("a");
      link.href = url;
      link.download = fileName;
      link.click();
      // The browser has taken it when the click has been answered; a moment later it may have not begun.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  };
}
