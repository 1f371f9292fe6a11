import fc from "fast-check";

/** Pieces that the odd scalars of YAML are made of. */
const pieces = [
  "0",
  "1",
  "7",
  "9",
  "00",
  "0x",
  "0o",
  "0b",
  "0X",
  "F",
  "e",
  "E",
  "_",
  ".",
  "+",
  "-",
  ":",
  "T",
  "Z",
  " ",
];

const words = [
  "true",
  "Yes",
  "no",
  "ON",
  "off",
  "y",
  "N",
  "null",
  "~",
  "Null",
  ".inf",
  ".NaN",
  "<<",
  "=",
  "2026-11-27",
  "12:30",
];

const letters = [..."abinfxyZ/@*%,"];

/** Plain scalars as people might write them, and many that readers of YAML take for different things. */
export const plainScalar: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pieces) }, fc.constantFrom(...words, ...letters)), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join("").trim())
  // What starts otherwise is no plain scalar, and a colon or a hash after or before a space ends one.
  .filter((text) => /^[\w.+~<=/-]/.test(text) && !/^-( |$)|: |:$|^---/.test(text));
