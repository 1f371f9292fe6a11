import * as assert from "node:assert/strict";
import { parseQuantity, totalMebibytes } from "../../../catalog/quantity";

describe("a Kubernetes quantity", () => {
  const readings: readonly (readonly [string, number | undefined])[] = [
    ["1", 1],
    ["0.5", 0.5],
    ["900m", 0.9],
    ["512Mi", 512 * 1024 * 1024],
    ["4Gi", 4 * 1024 ** 3],
    ["5G", 5e9],
    ["1 core", undefined],
    ["Gi", undefined],
    ["1Gb", undefined],
    ["", undefined],
    ["-1", undefined],
  ];
  for (const [text, value] of readings) {
    it(`"${text}" is ${value ?? "none"}`, () => assert.equal(parseQuantity(text), value));
  }
});

describe("a sum of quantities", () => {
  it("is in whole Mi, rounded up", () => {
    assert.equal(totalMebibytes(["1Gi", "128Mi"]), "1152Mi");
    assert.equal(totalMebibytes(["1k"]), "1Mi");
    assert.equal(totalMebibytes([]), "0Mi");
  });
});
