import { z } from "zod";
import { placeholders, stackFileSchema } from "./schema";

/** The JSON Schema of a stack file, for editors: completion, help and errors while typing. */
export function stackFileJsonSchema(): object {
  const { properties, required } = z.toJSONSchema(stackFileSchema, { io: "input" });
  const prefixed = Object.entries(properties ?? {}).map(([key, value]) => [
    `datasets-server:${key}`,
    key in placeholders ? encrypted(value) : value,
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Stack file of the datasets-server",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(prefixed),
        required: required?.map((key) => `datasets-server:${key}`),
        additionalProperties: false,
      },
    },
  };
}

/** What an encrypted value looks like in the file, whatever it is when it is read. */
function encrypted(value: z.core.JSONSchema._JSONSchema): object {
  const description = typeof value === "object" ? value.description : undefined;
  return { type: "object", description, properties: { secure: { type: "string" } }, required: ["secure"] };
}
