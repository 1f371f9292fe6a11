import { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { type BinaryReader, Message } from "google-protobuf";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A field as google-protobuf keeps it: a message is the list of its fields, field 1 first. */
type Field = string | number | boolean | undefined | Field[];

/** Reads a field; one that repeats is added to what was read of it before. */
type Read = (reader: BinaryReader, before?: Field) => Field;

/**
 * Has the engine's SDK read each answer to a registration in one pass.
 *
 * Of itself google-protobuf, having read a struct, goes through all that is below it, so through a field once for every level
 * that encloses it; live Kubernetes objects have up to twenty. It also makes a text of each answer, for a debug line.
 */
export function readResponsesInOnePass(): void {
  Struct.deserializeBinaryFromReader = (struct, reader) => {
    const [entries] = readFields(reader, structFields);
    Message.setField(struct, 1, fieldsOf(entries));
    return struct;
  };
  Struct.prototype.toJavaScript = function () {
    return structValue(this.toArray());
  };
  RegisterResourceResponse.prototype.toString = () => "a response of the engine";
}

function readFields(reader: BinaryReader, reads: readonly Read[], fields: Field[] = []): Field[] {
  while (reader.nextField()) {
    const index = reader.getFieldNumber() - 1;
    const read = reads[index];
    if (read) {
      fields[index] = read(reader, fields[index]);
    } else {
      reader.skipField();
    }
  }
  return fields;
}

/** Reads a message within another. */
function message(reads: readonly Read[], defaults: () => Field[] = () => []): Read {
  return (reader) => {
    const fields = defaults();
    reader.readMessage(fields, () => readFields(reader, reads, fields));
    return fields;
  };
}

function repeated(read: Read): Read {
  return (reader, before) => {
    const items = Array.isArray(before) ? before : [];
    items.push(read(reader));
    return items;
  };
}

// The messages of google/protobuf/struct.proto, whose kinds of value are fields 1 to 6.
const value = message([
  (reader) => reader.readEnum(),
  (reader) => reader.readDouble(),
  (reader) => reader.readString(),
  (reader) => reader.readBool(),
  (reader) => message(structFields)(reader),
  (reader) => message([repeated(value)])(reader),
]);
const entry = message([(reader) => reader.readString(), value], () => ["", []]);
const structFields = [repeated(entry)];

function structValue(struct: Field): Record<string, JavaScriptValue> {
  const entries = fieldsOf(fieldsOf(struct)[0]).map((each): [string, JavaScriptValue] => {
    const [key, fields] = fieldsOf(each);
    return [String(key), plainValue(fields)];
  });
  // The engine sends them in any order.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function plainValue(value: Field): JavaScriptValue {
  const [, number, text, flag, struct, list] = fieldsOf(value);
  if (struct) {
    return structValue(struct);
  }
  return list ? fieldsOf(fieldsOf(list)[0]).map(plainValue) : (number ?? text ?? flag ?? null);
}

function fieldsOf(value: Field): Field[] {
  return Array.isArray(value) ? value : [];
}
