import {
  Alert,
  Button,
  Content,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Progress,
  Radio,
} from "@patternfly/react-core";
import { useState } from "react";

import {
  EXPORT_CONTENTS,
  EXPORT_FORMATS,
  type ExportContent,
  type ExportFormat,
  type ExportProgress,
} from "../../lib/exportFile";
import { formatBytes, formatCount } from "../../lib/numbers";
import { formatSpan } from "../../lib/time";
import type { Asked } from "./asked";
import { useExport } from "./useExport";

interface ExportDialogProps {
  asked: Asked;
  onClose: () => void;
}

/** Chooses what a file has in it, and shows how it comes. */
export function ExportDialog({ asked, onClose }: ExportDialogProps) {
  const [content, setContent] = useState<ExportContent>("calls");
  const [format, setFormat] = useState<ExportFormat>("csv");
  const { state, start, cancel } = useExport(asked);
  const isRunning = state.step === "running";
  const { start: from, end } = asked.range;
  return (
    <Modal isOpen onClose={onClose} variant="small" aria-labelledby="export-title">
      <ModalHeader
        title="Export this usage"
        labelId="export-title"
        description={`${formatSpan(Date.parse(from), Date.parse(end))}, ${asked.filter || asked.calls ? "with the filters of the page" : "all calls"}.`}
      />
      <ModalBody tabIndex={0} aria-label="Export">
        <Form>
          <FormGroup label="What" role="radiogroup" isStack>
            {(Object.keys(EXPORT_CONTENTS) as ExportContent[]).map((each) => (
              <Radio
                key={each}
                id={`export-${each}`}
                name="content"
                label={EXPORT_CONTENTS[each]}
                isChecked={content === each}
                description={each === "focus" && asked.calls ? "Charges are sums, and know less of calls than these filters." : undefined}
                isDisabled={isRunning || (each === "focus" && asked.calls !== undefined)}
                onChange={() => setContent(each)}
              />
            ))}
          </FormGroup>
          <FormGroup label="As" role="radiogroup" isStack>
            {(Object.keys(EXPORT_FORMATS) as ExportFormat[]).map((each) => (
              <Radio
                key={each}
                id={`export-${each}`}
                name="format"
                label={EXPORT_FORMATS[each]}
                isChecked={format === each}
                isDisabled={isRunning}
                onChange={() => setFormat(each)}
              />
            ))}
          </FormGroup>
          {state.step === "running" ? <Running progress={state.progress} /> : null}
          {state.step === "done" ? (
            <Alert isInline isLiveRegion variant="success" title={`The file is there: ${came(state.progress)}`} />
          ) : null}
          {state.step === "failed" ? (
            <Alert isInline isLiveRegion variant="danger" title="There is no file">
              {state.message}
            </Alert>
          ) : null}
        </Form>
      </ModalBody>
      <ModalFooter>
        {isRunning ? (
          <Button variant="secondary" onClick={cancel}>
            Stop
          </Button>
        ) : (
          <Button variant="primary" onClick={() => void start(content, format)}>
            {state.step === "failed" ? "Try again" : "Export"}
          </Button>
        )}
        <Button variant="link" onClick={onClose}>
          {state.step === "done" ? "Close" : "Cancel"}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Running({ progress }: { progress: ExportProgress }) {
  const { rows, total } = progress;
  if (total === null) {
    return (
      <Content component="p" role="status">
        {came(progress)} so far
      </Content>
    );
  }
  return (
    <Progress
      title="Rows"
      value={Math.min(rows, total)}
      max={Math.max(1, total)}
      label={`${formatCount(rows)} of ${formatCount(total)}`}
      valueText={`${formatCount(rows)} of ${formatCount(total)} rows`}
      helperText={formatBytes(progress.bytes)}
    />
  );
}

const came = ({ rows, bytes }: ExportProgress) => `${rows === 1 ? "1 row" : `${formatCount(rows)} rows`}, ${formatBytes(bytes)}`;
