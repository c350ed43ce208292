// The OpenAPI rules, and the OWASP rules, as errors. What is narrowed says why.
import { oas } from "@stoplight/spectral-rulesets";
import owasp from "./node_modules/@stoplight/spectral-owasp-ruleset/dist/ruleset.mjs";

// These rules bound what a server has to take in. Answers are ours, and a limit
// that is not one would tell readers something untrue. Headers are bounded all
// together, and the lists of an organisation's defaults by the names there are.
const TAKEN_IN = [
  "$.paths[*][*].parameters[?(@.in != 'header')].schema",
  "$.paths[?(@property != '/api/v1/org/defaults')][*].requestBody.content[*].schema.properties[*]",
];
const taken_in = (name) => {
  const { given, ...rule } = owasp.rules[name];
  return { ...rule, severity: "error", given: TAKEN_IN };
};

export default {
  extends: [oas, [owasp, "recommended"]],
  rules: {
    "owasp:api4:2023-string-limit": taken_in("owasp:api4:2023-string-limit"),
    "owasp:api4:2023-integer-limit": taken_in("owasp:api4:2023-integer-limit"),
    "owasp:api4:2023-array-limit": taken_in("owasp:api4:2023-array-limit"),
  },
};
