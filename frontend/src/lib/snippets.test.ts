import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { type Call, curl, dotEnv, javascript, ocCreateSecret, openAiBaseUrl, python, secretName } from "./snippets";

const call: Call = {
  baseUrl: "http://127.0.0.1:8081",
  model: "openai/gpt-4o-mini",
  mode: "chat",
  secret: "sk-secret",
};
// A name made to break out of every quoting.
const NASTY = `it's "quoted" $(touch x) \\ \`y\``;

/** What a shell makes of a command: its words, one a line. */
function shellWords(command: string): string[] {
  const script = `printf '%s\\n' ${command.replace(/^\S+ /, "")}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n");
}

it("ends in /v1 once, whatever the portal says", () => {
  for (const url of ["http://a", "http://a/", "http://a/v1", "http://a/v1/"]) {
    expect(openAiBaseUrl(url)).toBe("http://a/v1");
  }
});

describe("curl", () => {
  it("is a command that a shell reads as meant", () => {
    const words = shellWords(curl({ ...call, model: NASTY }));
    expect(words[0]).toBe("http://127.0.0.1:8081/v1/chat/completions");
    expect(words).toContain("Authorization: Bearer sk-secret");
    expect(JSON.parse(words.at(-1)!)).toMatchObject({ model: NASTY });
  });

  it("reads the key from the environment when there is no secret to show", () => {
    expect(curl({ ...call, secret: undefined })).toContain(`"Authorization: Bearer $OPENAI_API_KEY"`);
  });

  it("calls the embeddings of an embedding model", () => {
    const words = shellWords(curl({ ...call, mode: "embedding" }));
    expect(words[0]).toBe("http://127.0.0.1:8081/v1/embeddings");
    expect(JSON.parse(words.at(-1)!)).toHaveProperty("input");
  });
});

describe("python", () => {
  it.each(["chat", "embedding"] as const)("is a program that compiles, for %s", (mode) => {
    const code = python({ ...call, model: NASTY, mode });
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: code });
    expect(code).toContain(`base_url="http://127.0.0.1:8081/v1"`);
    expect(code).toContain(mode === "chat" ? "chat.completions.create" : "embeddings.create");
  });

  it("reads the key from the environment when there is no secret to show", () => {
    expect(python({ ...call, secret: undefined })).toContain(`os.environ["OPENAI_API_KEY"]`);
  });
});

describe("javascript", () => {
  it.each(["chat", "embedding"] as const)("is a program that parses, for %s", (mode) => {
    const code = javascript({ ...call, model: NASTY, mode });
    execFileSync("node", ["--input-type=module", "--check", "-"], { input: code });
    expect(code).toContain(`apiKey: "sk-secret"`);
  });
});

describe("storing the secret", () => {
  it("writes the variables that OpenAI's clients read", () => {
    expect(dotEnv(call)).toBe(
      "OPENAI_BASE_URL=http://127.0.0.1:8081/v1\nOPENAI_API_KEY=sk-secret\nOPENAI_MODEL='openai/gpt-4o-mini'\n",
    );
  });

  it("names the OpenShift secret as Kubernetes wants it", () => {
    expect(secretName("Invoice Bot (test)")).toBe("litemaas-invoice-bot-test");
    expect(secretName("ÄÖÜ")).toBe("litemaas-key");
    expect(secretName("x".repeat(100)).length).toBeLessThanOrEqual(63);
    const words = shellWords(ocCreateSecret("Invoice Bot", call));
    expect(words).toContain("--from-literal=OPENAI_API_KEY=sk-secret");
    expect(words).toContain("litemaas-invoice-bot");
  });
});
