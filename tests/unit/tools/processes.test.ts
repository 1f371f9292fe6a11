import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import net from "node:net";
import { freePorts } from "../../../tools/cluster/ports";
import { findProcesses, killProcesses } from "../../../tools/cluster/processes";

describe("processes", () => {
  it("end when they match, and others stay", async () => {
    const marker = `/tmp/processes-test-${process.pid}`;
    const idle = (folder: string) =>
      spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", `${folder}/data`], { stdio: "ignore" });
    const [inside, beside] = [idle(marker), idle(`${marker}-beside`)];
    try {
      await killProcesses((commandLine) => commandLine.includes(`${marker}/`));
      const left = await findProcesses((commandLine) => commandLine.includes(marker));
      assert.deepEqual(
        left.map(({ pid }) => pid),
        [beside.pid],
      );
    } finally {
      inside.kill("SIGKILL");
      beside.kill("SIGKILL");
    }
  });
});

describe("free ports", () => {
  it("are distinct and can be listened on", async () => {
    const ports = await freePorts(50);
    assert.equal(new Set(ports).size, 50);
    const servers = await Promise.all(
      ports.map(
        (port) =>
          new Promise<net.Server>((resolve, reject) => {
            const server: net.Server = net.createServer().once("error", reject);
            server.listen(port, "127.0.0.1", () => resolve(server));
          }),
      ),
    );
    for (const server of servers) server.close();
  });
});
