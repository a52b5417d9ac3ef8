import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
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
  const [port, litellmPort] = await freePorts();
  const { PUBLIC_URL: _url, TRAFFIC: _traffic, ...inherited } = process.env;
  const sandbox = spawn(join(ROOT, ".venv/bin/litemaas"), ["sandbox", "--stop-with-parent"], {
    cwd: ROOT,
    env: {
      ...inherited,
      PORT: String(port),
      LITELLM_PORT: String(litellmPort),
      LITEMAAS_SANDBOX_DIR: join(data, "sandbox"),
      PYTHONUNBUFFERED: "1",
    },
  });
  const stop = async () => {
    await end(sandbox);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await untilReady(sandbox);
    process.env.E2E_URL = `http://127.0.0.1:${port}`;
    process.env.E2E_LOG = LOG;
    await fillUsage(process.env.E2E_URL, "ada", join(data, "sandbox"));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Two ports that nothing listens on at the moment. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) server.close();
  return ports as [number, number];
}

/** Waits for the line that says so. Throws with all that the sandbox said when it ends or takes too long. */
async function untilReady(sandbox: ChildProcess): Promise<void> {
  mkdirSync(resolve(LOG, ".."), { recursive: true });
  const log = createWriteStream(LOG);
  let said = "";
  await new Promise<void>((ready, failed) => {
    const fail = (reason: string) => failed(new Error(`The sandbox ${reason}. It said:\n${said}`));
    const timer = setTimeout(() => fail(`was not ready after ${START_SECONDS} s`), START_SECONDS * 1000);
    const listen = (chunk: Buffer) => {
      log.write(chunk);
      said += chunk.toString();
      if (!said.includes("LiteMaaS is ready")) return;
      clearTimeout(timer);
      ready();
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
