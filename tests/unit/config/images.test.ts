import assert from "node:assert/strict";
import { imageOf } from "../../../components/workloads/workload";
import { digestIssues, digestVariables, givenDigests, movedTags, recordedDigests } from "../../../config/images";

const registry = "707930574880.dkr.ecr.us-east-1.amazonaws.com";
const images = { registry, tag: "sha-59db084" };
const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

describe("the digest of an image", () => {
  it("is what pods run, beside the tag, which tells people what it is", () => {
    const pinned = { images: { ...images, digests: { api: digestOf("a") } } };
    assert.equal(imageOf(pinned, "api"), `${registry}/hub-datasets-server-api:sha-59db084@${digestOf("a")}`);
    assert.equal(imageOf(pinned, "rows"), `${registry}/hub-datasets-server-rows:sha-59db084`);
  });

  it("is recorded in the stack's outputs, and counts there for its registry and tag alone", () => {
    const recorded = {
      api: imageOf({ images: { ...images, digests: { api: digestOf("a") } } }, "api"),
      rows: imageOf({ images: { ...images, tag: "sha-0123abc", digests: { rows: digestOf("b") } } }, "rows"),
      search: imageOf({ images }, "search"),
      webhook: `registry.test/hub-datasets-server-webhook:sha-59db084@${digestOf("c")}`,
    };
    assert.deepEqual(recordedDigests(images, recorded), { api: digestOf("a") });
    for (const none of [undefined, null, "images", { api: 1 }]) assert.deepEqual(recordedDigests(images, none), {});
  });

  it("reaches a run by a variable, whose other entries are issues", () => {
    const digests = { api: digestOf("a"), cache_maintenance: digestOf("b") };
    const variables = digestVariables(digests);
    assert.deepEqual(givenDigests(variables), digests);
    assert.deepEqual(digestIssues(undefined, undefined, variables), []);
    assert.deepEqual(digestIssues(undefined, undefined, {}), []);
    for (const wrong of ["api", "api=latest", `api=${digestOf("a")}=`, `a/b=${digestOf("a")}`]) {
      const [issue, ...others] = digestIssues(undefined, undefined, { DATASETS_SERVER_IMAGE_DIGESTS: wrong });
      assert.deepEqual(others, []);
      assert.equal(issue?.key, "DATASETS_SERVER_IMAGE_DIGESTS");
    }
  });

  it("that differs under an equal tag is said with both, and one that is new is not", () => {
    const recorded = { api: digestOf("a"), rows: digestOf("b") };
    const given = { api: digestOf("c"), rows: digestOf("b"), search: digestOf("d") };
    assert.deepEqual(movedTags(images, recorded, given), [
      `hub-datasets-server-api: tag sha-59db084 was ${digestOf("a")}, and is ${digestOf("c")} in the registry now`,
    ]);
  });
});
