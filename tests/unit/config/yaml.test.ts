import * as assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { readYaml } from "../../../config/yaml";
import { plainScalar } from "../../support/yaml";

function read(text: string) {
  const { value, issues } = readYaml(Buffer.from(text));
  return { value, issues };
}

/** The issues of a text, each as one line. */
function issuesOf(text: string | Uint8Array): string[] {
  const { issues } = readYaml(Buffer.from(text));
  return issues.map(({ path, line, problem, instead }) => `${line} ${path.join(".")}: ${problem}; ${instead}`);
}

function placesOf(text: string): string[] {
  return readYaml(Buffer.from(text)).places.map(({ path, line, column }) => `${path.join(".")} ${line}:${column}`);
}

/** A plain scalar that is refused, and what is said to be written instead. */
const refused: Readonly<Record<string, string>> = {
  "010": 'write 8, or "010" in quotes',
  "0o10": 'write 8, or "0o10" in quotes',
  "-0o10": 'write -8, or "-0o10" in quotes',
  "0x1F": 'write 31, or "0x1F" in quotes',
  "5_000_000": 'write 5000000, or "5_000_000" in quotes',
  // Pulumi takes these for numbers too.
  "-__0x0e": 'write -14, or "-__0x0e" in quotes',
  "0b+1": 'write "0b+1" in quotes',
  ".5": 'write 0.5, or ".5" in quotes',
  "+5": 'write 5, or "+5" in quotes',
  "5.": 'write 5, or "5." in quotes',
  "1:30": 'write "1:30" in quotes',
  "2026-11-27": 'write "2026-11-27" in quotes',
  "2026-11-27 12:00:00": 'write "2026-11-27 12:00:00" in quotes',
  "9007199254740993": 'write "9007199254740993" in quotes',
  "1e400": 'write "1e400" in quotes',
  ".inf": 'write ".inf" in quotes',
  yes: 'write true, or "yes" in quotes',
  On: 'write true, or "On" in quotes',
  n: 'write false, or "n" in quotes',
  True: 'write true, or "True" in quotes',
};

/** A plain scalar that every reader of YAML takes for the same. */
const accepted: Readonly<Record<string, unknown>> = {
  "8": 8,
  "-3": -3,
  "0.5": 0.5,
  "1.50": 1.5,
  "1e3": 1000,
  true: true,
  false: false,
  "0.0.0.0": "0.0.0.0",
  "10.12.0.0/16": "10.12.0.0/16",
  "13 00 * * *": "13 00 * * *",
  "512Mi": "512Mi",
  "707930574880.dkr.ecr.us-east-1.amazonaws.com": "707930574880.dkr.ecr.us-east-1.amazonaws.com",
  "sha-59db084": "sha-59db084",
  "v1:ePLQ4qSIsRrPP/ZM:zrXf": "v1:ePLQ4qSIsRrPP/ZM:zrXf",
};

describe("a YAML text", () => {
  for (const [scalar, instead] of Object.entries(refused)) {
    it(`with ${scalar} is refused, and says what to write`, () => {
      assert.deepEqual(issuesOf(`a:\n  b: ${scalar}\n`), [`2 a.b: can be read in two ways; ${instead}`]);
      assert.deepEqual(issuesOf(`a:\n  b: "${scalar}"\n`), []);
    });
  }

  for (const [scalar, value] of Object.entries(accepted)) {
    it(`with ${scalar} is read`, () => assert.deepEqual(read(`a: ${scalar}`), { value: { a: value }, issues: [] }));
  }

  it("is read alike by YAML 1.1 and 1.2 where it is accepted", () => {
    const reads = fc.property(plainScalar, (scalar) => {
      const text = `a: ${scalar}\n`;
      const { value, issues } = read(text);
      if (issues.length > 0) return;
      for (const version of ["1.1", "1.2"] as const) assert.deepEqual(parse(text, { version }), value);
    });
    fc.assert(reads, { numRuns: 3000 });
  }).timeout(20_000);

  it("is refused with a merge, a tag, a key that may be no text, or no value", () => {
    const text = ["a: &small {b: 1}", "c: {<<: *small}", "d: !!str 5", "e: {010: 1}", "f: {y: 1}", "g:", "h: [~]"];
    assert.deepEqual(issuesOf(text.join("\n")), [
      "2 c.<<: is a merge to Pulumi, and a key to others; write out the keys that it stands for",
      "3 d: has a tag; write the value alone, and text in quotes",
      "4 e.010: is a key that may be no text; write the key in quotes",
      "5 f.y: is a key that may be no text; write the key in quotes",
      "6 g: has no value; write one, or remove the key",
      "7 h.0: has no value; write one, or remove the key",
    ]);
  });

  it("is read with anchors and their aliases", () => {
    assert.deepEqual(read("a: &small {b: 1}\nc: *small\n"), { value: { a: { b: 1 }, c: { b: 1 } }, issues: [] });
    for (const text of ["a: *none", "a: &a [*a]"]) {
      assert.deepEqual(issuesOf(text), ["1 : has an alias of nothing, or of what it is in; write out the value"]);
    }
  });

  it("is refused with its line when it is no YAML, and none of the text is repeated", () => {
    const keys = "give it config: and the keys that docs/configuration.md names";
    const texts: Readonly<Record<string, string>> = {
      "": `1 : is empty; ${keys}`,
      "# only a comment\n": `1 : is empty; ${keys}`,
      "- a\n- b\n": `1 : holds no map; ${keys}`,
      "a: 1\nb: hunter2: c\n": "2 : is no valid YAML (block as implicit key); correct that line",
      "a: 1\na: hunter2\n": "2 : is no valid YAML (duplicate key); correct that line",
      "a: 1\n---\na: 2\n": "2 : is no valid YAML (multiple docs); correct that line",
      "a: 1\n\tb: 2\n": "2 : is no valid YAML (tab as indent); correct that line",
      "%YAML 1.1\n---\na: 1\n": "1 : names a version of YAML; remove the line that starts with %YAML",
      "a: 1\nb: x\u0085y\n": "2 : has the character U+0085; remove it, or write it as an escape in double quotes",
    };
    for (const [text, says] of Object.entries(texts)) assert.deepEqual(issuesOf(text), [says]);
    assert.deepEqual(issuesOf(Uint8Array.of(0x61, 0x3a, 0xff)), ["1 : is not UTF-8; save it as UTF-8"]);
  });

  it("says where each key and each item of a list is", () => {
    assert.deepEqual(placesOf("a:\n  b: [1, {c: 2}]\n"), [
      "a 1:1",
      "a.b 2:3",
      "a.b.0 2:7",
      "a.b.1 2:10",
      "a.b.1.c 2:11",
    ]);
    assert.deepEqual(placesOf("a: {b: 1"), []);
  });

  it("may start with a byte order mark", () => assert.deepEqual(read("\ufeffa: 1"), { value: { a: 1 }, issues: [] }));
});
