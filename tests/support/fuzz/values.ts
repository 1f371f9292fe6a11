import fc from "fast-check";
import type { z } from "zod";

export type Schema = z.core.JSONSchema.JSONSchema;

/** Values that a field's schema allows; whether they go together with the others of the file is another matter. */
export function plausible(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) {
    return fc.constantFrom(...schema.enum);
  }
  if (schema.anyOf !== undefined) {
    return fc.oneof(...schema.anyOf.map((branch) => plausible(one(branch))));
  }
  switch (schema.type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: Number(schema.minimum ?? 0), max: Number(schema.maximum ?? 1000) });
    case "number":
      return fc.double({
        min: Number(schema.exclusiveMinimum ?? 0),
        minExcluded: true,
        max: Number(schema.maximum ?? 1e6),
        noNaN: true,
      });
    case "string":
      return matching(schema.pattern ?? "");
    case "array":
      return fc.array(plausible(one(schema.items)), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case "object":
      return schema.properties ? section(schema.properties, schema.required) : entries(schema);
    default:
      throw new Error(`no value is known for ${JSON.stringify(schema)}; teach it to tests/support/fuzz/values.ts`);
  }
}

/** The schema of what is inside: a JSON Schema may also be a bare true or false, or one of several. */
export function one(schema: z.core.JSONSchema.BaseSchema["items"]): Schema {
  return typeof schema === "object" && !Array.isArray(schema) ? schema : {};
}

function section(
  properties: Readonly<Record<string, z.core.JSONSchema._JSONSchema>>,
  required: readonly string[] = [],
) {
  const fields = Object.entries(properties).map(([key, schema]) => [key, plausible(one(schema))] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

function entries({ propertyNames, additionalProperties }: Schema) {
  const keys = plausible({ type: "string", ...one(propertyNames) }).map(String);
  return fc.dictionary(keys, plausible(one(additionalProperties)), { minKeys: 1, maxKeys: 3, noNullPrototype: true });
}

/** Texts that match a pattern: those that it allows by mistake are what is looked for. */
function matching(pattern: string): fc.Arbitrary<string> {
  const whole = new RegExp(pattern, "u");
  // Lookaheads cannot be generated from, so what the rest of the pattern makes is sieved by them.
  return fc.stringMatching(new RegExp(pattern.replaceAll(/\(\?[=!][^)]*\)/g, ""))).filter((text) => whole.test(text));
}

/** Numbers, texts and containers that people or other programs write where something else is meant. */
const oddities: readonly unknown[] = [
  ...[null, true, false, "true", "yes", "null", "~", [], {}, [[]], [null], { "": "" }],
  ...[0, -1, 1.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 31, -(2 ** 31), "1", "-1"],
  ...[
    "1e3",
    "0.5Gi",
    "100M",
    "1Ei",
    "0",
    "1.0001",
    "0.0001Ki",
    "99999999999999999999",
    "99999999999999999999Ti",
    "1 Gi",
  ],
  ...[
    "",
    " ",
    "\t",
    "a\nb",
    "a b",
    " api",
    "api ",
    "\u0000",
    "\u001b[31m",
    "\u200b",
    "ünïcode",
    "💥",
    "$" + "{HOME}",
    "$(HOME)",
  ],
  ...['"quoted"', "'quoted'", "`id`", "a,b", "a=b", "a:b", "../..", "/", "..", "a//b", "-", ".", "a..b", "a.-b", "A-B"],
  ...["10.0.0.1", "0.0.0.0/0", "999.1.1.1/8", "10.1.2.3/8", "10.0.0.0/33", "::/0", "localhost", "*.huggingface.co"],
  ...[
    "* * * * *",
    "60 * * * *",
    "*/0 * * * *",
    "0 0 31 2 *",
    "@daily",
    "a b c d e",
    "0 0 * * 7",
    "0 0 * * MON",
    "5-1 * * * *",
  ],
  ...["latest", "sha-", "arn:aws:iam::123456789012:role/a", "https://", "https://user:password@host", "http://a b"],
  ...["__proto__", "constructor", "toString", "a".repeat(64), "a".repeat(300), "a".repeat(2_000_000)],
];

/** Of all characters, those that are no text among them. */
const anyText = fc.array(fc.integer({ min: 0, max: 0x10ffff })).map((points) => String.fromCodePoint(...points));

/** What no field, or few, should take. */
export const odd: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...oddities) },
  { weight: 1, arbitrary: anyText },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

/** What no key is called. */
export const oddKey: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "", " ", "a.b", "a\nb", "\u001b[31m", "ключ", "a".repeat(5000)),
  fc.string(),
);
