// The OpenAPI rules, and the OWASP rules. What is narrowed or left out says why.
import { oas } from "@stoplight/spectral-rulesets";
import owasp from "./node_modules/@stoplight/spectral-owasp-ruleset/dist/ruleset.mjs";

const rules = { ...owasp.rules };

// Other origins are refused unless an installation names them.
delete rules["owasp:api8:2023-define-cors-origin"];
// The same document is served by every installation: which it is, its address tells.
delete rules["owasp:api9:2023-inventory-environment"];
// The description itself is a file, the same for everyone, and counted for nobody.
rules["owasp:api4:2023-rate-limit"] = {
  ...rules["owasp:api4:2023-rate-limit"],
  given: "$.paths[?(@property != '/api/v1/openapi.json')]..responses[?(@property.match(/^(2|4)/))]",
};

// These rules bound what a server has to take in. Answers are ours, and a limit
// that is not one would tell readers something untrue. Headers are bounded all
// together, and the lists of an organisation's defaults by the names there are.
const TAKEN_IN = [
  "$.paths[*][*].parameters[?(@.in != 'header')].schema",
  "$.paths[?(@property != '/api/v1/org/defaults')][*].requestBody.content[*].schema.properties[*]",
];
// Values of these formats have a length of their own.
const SIZED = ["uuid", "date", "date-time"];
const NEEDS = { string: ["maxLength"], integer: ["minimum", "maximum", "format"], array: ["maxItems"] };
for (const name of ["string-limit", "integer-limit", "integer-format", "array-limit"]) {
  delete rules[`owasp:api4:2023-${name}`];
}
rules["taken-in-is-bounded"] = {
  message: "{{error}}",
  severity: "error",
  given: TAKEN_IN,
  then: {
    function: (schema) => {
      if (schema.enum || "const" in schema || SIZED.includes(schema.format)) return [];
      const needs = [schema.type].flat().flatMap((type) => NEEDS[type] ?? []);
      const missing = needs.filter((it) => !(it in schema));
      return missing.length ? [{ message: `What is taken in must have ${missing.join(", ")}.` }] : [];
    },
  },
};

export default { ...owasp, extends: [oas], rules };
