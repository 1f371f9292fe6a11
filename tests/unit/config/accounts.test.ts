import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { projectFolder } from "../../../cli/lib/project";
import { projectName, secretsProviderUrl, stateUrl } from "../../../config/accounts";

describe("the names of state and keys", () => {
  it("are those that the engine reads in Pulumi.yaml", () => {
    const { name, backend } = parse(readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8"));
    assert.deepEqual({ name, backend }, { name: projectName, backend: { url: stateUrl } });
  });

  it("give each cluster a key of its own", () => {
    assert.equal(secretsProviderUrl("hub-prod"), "awskms://alias/datasets-server-hub-prod?region=us-east-1");
    assert.equal(secretsProviderUrl("hub-ephemeral"), "awskms://alias/datasets-server-hub-ephemeral?region=us-east-1");
    assert.equal(secretsProviderUrl("hub-green"), "awskms://alias/datasets-server-hub-green?region=us-east-1");
  });
});
