import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { fillUsage } from "./sampleUsage";

const ROOT = resolve(import.meta.dirname, "../..");
const LOG = resolve(import.meta.dirname, "../test-results/sandbox.log");
const START_SECONDS = 90;
const STOP_SECONDS = 20;

/** Starts the real thing on free ports with data of its own; the function it gives back stops and removes it. */
export default async function startSandbox(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "litemaas-e2e-"));
  chmodSync(data, 0o755); // run by root, PostgreSQL may have to become "nobody", who must reach it
  const { PUBLIC_URL: _url, TRAFFIC: _traffic, ...inherited } = process.env;
  const sandbox = spawn(join(ROOT, ".venv/bin/litemaas"), ["sandbox", "--stop-with-parent"], {
    cwd: ROOT,
    env: {
      ...inherited,
      PORT: "0",
      LITELLM_PORT: "0",
      LITEMAAS_SANDBOX_DIR: join(data, "sandbox"),
      PYTHONUNBUFFERED: "1",
    },
  });
  const stop = async () => {
    await end(sandbox);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    process.env.E2E_URL = await untilReady(sandbox);
    process.env.E2E_LOG = LOG;
    await fillUsage(process.env.E2E_URL, "ada", join(data, "sandbox"));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Waits for the line that says where it is. Throws with all that the sandbox said when it ends or takes too long. */
async function untilReady(sandbox: ChildProcess): Promise<string> {
  mkdirSync(resolve(LOG, ".."), { recursive: true });
  const log = createWriteStream(LOG);
  let said = "";
  return new Promise((ready, failed) => {
    const fail = (reason: string) => failed(new Error(`The sandbox ${reason}. It said:\n${said}`));
    const timer = setTimeout(() => fail(`was not ready after ${START_SECONDS} s`), START_SECONDS * 1000);
    const listen = (chunk: Buffer) => {
      log.write(chunk);
      said += chunk.toString();
      const url = /LiteMaaS is ready: (\S+)\n/.exec(said)?.[1];
      if (!url) return;
      clearTimeout(timer);
      ready(url);
    };
    sandbox.stdout!.on("data", listen);
    sandbox.stderr!.on("data", listen);
    sandbox.on("error", (error) => fail(`could not be started (${error.message})`));
    sandbox.on("exit", (code) => fail(`ended with code ${code}`));
  });
}

async function end(sandbox: ChildProcess): Promise<void> {
  if (sandbox.pid === undefined || sandbox.exitCode !== null || sandbox.signalCode !== null) return;
  const ended = once(sandbox, "exit");
  const timer = setTimeout(() => sandbox.kill("SIGKILL"), STOP_SECONDS * 1000);
  sandbox.kill("SIGTERM");
  await ended;
  clearTimeout(timer);
}
