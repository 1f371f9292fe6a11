import * as assert from "node:assert/strict";
import { createRequire } from "node:module";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { readResponsesInOnePass } from "../../../components/sdkResponses";

describe("a struct that is read in one pass", () => {
  const { deserializeBinaryFromReader } = Struct;
  const { toJavaScript } = Struct.prototype;
  const values: Record<string, JavaScriptValue> = {
    "": "an empty key",
    text: "",
    number: -0.5,
    zero: 0,
    nothing: null,
    yes: true,
    no: false,
    empty: {},
    none: [],
    list: [[], [null, false, 0, ""], { deep: [{ deeper: { deepest: "ü" } }] }],
    object: { list: ["a", { b: "c" }], empty: {}, none: [] },
  };
  const bytes = Struct.fromJavaScript(values).serializeBinary();

  before(readResponsesInOnePass);
  after(() => {
    Struct.deserializeBinaryFromReader = deserializeBinaryFromReader;
    Struct.prototype.toJavaScript = toJavaScript;
  });

  it("is of the SDK's own copy of google-protobuf", () => {
    const { resolve } = createRequire(require.resolve("@pulumi/pulumi"));
    assert.equal(resolve("google-protobuf"), require.resolve("google-protobuf"));
  });

  it("holds what it was made from", () => assert.deepEqual(Struct.deserializeBinary(bytes).toJavaScript(), values));

  it("is written as it was read", () => assert.deepEqual(Struct.deserializeBinary(bytes).serializeBinary(), bytes));

  it("can be changed", () => {
    const struct = Struct.deserializeBinary(bytes);
    struct.getFieldsMap().get("object")?.getStructValue()?.getFieldsMap().del("list");
    struct.getFieldsMap().del("list");
    const { list: _, ...others } = values;
    assert.deepEqual(struct.toJavaScript(), { ...others, object: { empty: {}, none: [] } });
  });

  it("leaves out a field that it does not know", () => {
    const unknown = Uint8Array.from([...bytes, 0x7a, 0x01, 0x21]);
    assert.deepEqual(Struct.deserializeBinary(unknown).toJavaScript(), values);
  });
});
