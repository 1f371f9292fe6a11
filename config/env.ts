import { z } from "zod";
import { type SettableVariable, type VariableType, variableNamed, variables } from "../catalog/variables";
import type { Variables } from "../components/foundation/settings";
import * as field from "./fields";

/** The variables that a stack file may set. */
export const settable = Object.entries<object>(variables).flatMap(([name]) => {
  const definition = variableNamed(name);
  return definition && "type" in definition ? [{ name, definition, schema: schemaOf(definition) }] : [];
});

/** A value of a stack file, as the text that a container gets. */
function schemaOf({ type, does, value, builtIn }: SettableVariable): z.ZodType<string> {
  const unset = builtIn === undefined ? "not set" : `not set, which means ${builtIn}`;
  return valueSchema(type).describe(`${does} Default: ${value ?? unset}.`);
}

function valueSchema(type: VariableType): z.ZodType<string> {
  switch (type.is) {
    case "whole number":
      return field.wholeNumber(type.least, type.most, type.unit).transform(String);
    case "number":
      return field.positiveNumber(type.most, type.unit).transform(String);
    case "switch":
      return field.flag().transform(String);
    case "word":
      return field.oneOf(type.words);
    case "list of datasets":
      return field.datasets.transform((datasets) => datasets.join(","));
    case "text":
      return field.variableText;
    case "path":
      return field.urlPath;
    case "URL":
      return field.url;
    case "storage root":
      return field.storageRoot;
    case "region":
      return field.region;
  }
}

/** Variables that one workload is given in the place of what all are. */
export const ownEnv = envOf(
  settable.filter(({ definition }) => !definition.agreed).map(({ name, schema }) => [name, schema.optional()]),
).prefault({});

/** Variables that all workloads that read them are given. */
export const commonEnv = envOf(
  settable.map(({ name, definition, schema }) => [name, definition.required ? schema : schema.optional()]),
);

function envOf(schemas: readonly [string, z.ZodType<string | undefined>][]) {
  return z
    .strictObject(Object.fromEntries(schemas), {
      error: field.mapOf(
        schemas.map(([name]) => name),
        "a map of variables, such as LOG_LEVEL: INFO",
      ),
    })
    .transform(withoutUnset);
}

function withoutUnset(env: Readonly<Record<string, string | undefined>>): Variables {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
