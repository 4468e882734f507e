// Writes api_types.d.ts from docs/openapi.json: `node make_types.mjs`; with --check it only says whether the file is up to date.
import {readFileSync, writeFileSync} from "node:fs";

const kPlain = {string: "string", integer: "number", number: "number", boolean: "boolean", null: "null"};
const api = JSON.parse(readFileSync(new URL("../docs/openapi.json", import.meta.url), "utf8"));
const target = new URL("api_types.d.ts", import.meta.url);

function type_of(schema, indent) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.oneOf) return schema.oneOf.map((one) => type_of(one, indent)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => type_of({...schema, type}, indent)).join(" | ");
  if (schema.type === "array") return `Array<${type_of(schema.items, indent)}>`;
  if (schema.type === "object") return object_type(schema, indent);
  return kPlain[schema.type] ?? "Value";
}

function object_type(schema, indent) {
  if (!schema.properties) return `Record<string, ${schema.additionalProperties ? type_of(schema.additionalProperties, indent) : "unknown"}>`;
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    const comment = property.description ? `${indent}  /** ${property.description} */\n` : "";
    return `${comment}${indent}  ${name}${required.has(name) ? "" : "?"}: ${type_of(property, indent + "  ")};`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

const head = "// Written by make_types.mjs from docs/openapi.json; do not edit.\n\n/** Of a parameter, or what was measured. */\nexport type Value = any;\n";
const text = head + Object.entries(api.components.schemas).map(([name, schema]) =>
  `\nexport ${schema.properties ? `interface ${name} ` : `type ${name} = `}${type_of(schema, "")}\n`).join("");

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("web/api_types.d.ts is not what docs/openapi.json says: run node web/make_types.mjs");
  process.exit(1);
}
