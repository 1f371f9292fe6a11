import * as assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { serviceNames } from "../../../catalog/services";
import {
  checkCount,
  deployedPlace,
  type Occupant,
  type PlacedOccupant,
  placeOf,
  settlePlace,
} from "../../../cli/environments/capacity";
import { readNumber, readOpen, readUpRequest, type UpInput } from "../../../cli/environments/input";
import { listEnvironments, reasonToGo, taggedParameters } from "../../../cli/environments/inventory";
import { openStore } from "../../../cli/state/store";
import { builtIngresses } from "../../../config/capacity";
import { type Parameters, parameterIssues, readParameters } from "../../../config/pullRequest";
import { albPrefix, loadBalancerUse, readIngresses, timesThatFit } from "../../../policy/loadBalancer";
import { stackConfig } from "../../support/stackConfig";

const good: UpInput = { pr: "123", imageTag: "sha-abc1234" };

describe("what ds pr up is told", () => {
  it("is the stack, the image, and what else is known", () => {
    const { identity, parameters, lifetime } = readUpRequest({
      ...good,
      title: "Faster rows",
      author: "ada",
      ttl: "12h",
    });
    assert.equal(identity.stack, "pr-123");
    assert.deepEqual(parameters, { imageTag: "sha-abc1234", title: "Faster rows", author: "ada" });
    assert.equal(lifetime, "12h");
  });

  it("may leave all but number and image empty", () => {
    assert.deepEqual(readUpRequest({ ...good, title: "", author: "", headSha: "", ttl: "" }).parameters, {
      imageTag: "sha-abc1234",
    });
  });

  const bad: Readonly<Record<string, readonly Partial<UpInput>[]>> = {
    N: ["0", "abc", "-1", "1e9", "1;rm", "01", " 1", "1000000", ""].map((pr) => ({ pr })),
    "--image": ["", "latest", "sha-abc1234/evil", "sha-xyz", "abc1234"].map((imageTag) => ({ imageTag })),
    "--head-sha": ["main", "abc"].map((headSha) => ({ headSha })),
    "--ttl": ["soon", "7", "0d", "-1d", "100d", "1e3d"].map((ttl) => ({ ttl })),
  };
  for (const [key, inputs] of Object.entries(bad)) {
    for (const input of inputs) {
      it(`is refused with ${key} ${JSON.stringify(Object.values(input)[0])?.slice(0, 30)}`, () => {
        assert.throws(() => readUpRequest({ ...good, ...input }), {
          message: new RegExp(`^1 value is not allowed; no changes were made:\\n  ${key}: got ".*"; expected `),
        });
      });
    }
  }

  const shown: readonly (readonly [what: string, text: string, shownAs: string | undefined])[] = [
    ["a tab", "rows\tfaster", "rows faster"],
    ["a line break", "two\r\nlines\n", "two lines"],
    ["an escape sequence", "\u001b[31mred", "[31mred"],
    ["nothing but blanks", " \t\n", undefined],
    ["what a shell would run", "$(id) `id`", "$(id) `id`"],
    ["as many characters as are kept", "é🚀".repeat(128), "é🚀".repeat(128)],
    ["more characters than are kept", "🚀".repeat(300), `${"🚀".repeat(255)}…`],
  ];
  for (const [what, text, shownAs] of shown) {
    it(`is never refused for a text that is only shown, such as one of ${what}`, () => {
      const { parameters } = readUpRequest({ ...good, title: text, author: text });
      assert.deepEqual([parameters.title, parameters.author], [shownAs, shownAs]);
      const variables = { DATASETS_SERVER_PR_TITLE: text, DATASETS_SERVER_PR_AUTHOR: text };
      assert.deepEqual(parameterIssues(readParameters(variables)), []);
      assert.deepEqual([readParameters(variables).title, readParameters(variables).author], [shownAs, shownAs]);
    });
  }

  it("is refused with all issues at once", () => {
    assert.throws(() => readUpRequest({ pr: "0", imageTag: "", ttl: "soon" }), {
      message: /^3 values are not allowed[\s\S]*N: got "0"[\s\S]*--image: got ""[\s\S]*--ttl: got "soon"/,
    });
  });
});

describe("the number of an environment", () => {
  it("is refused where it is none", () => assert.throws(() => readNumber("prod"), /N: got "prod"/));
});

describe("the open pull requests", () => {
  it("are unknown when they are not given", () => assert.equal(readOpen(undefined), undefined));
  it("are none only when the word none says so", () => {
    assert.deepEqual(readOpen("none"), new Set());
    assert.throws(() => readOpen(" "), /--open: got " "; expected numbers, or none/);
  });
  it("are separated by spaces, commas or lines", () => {
    assert.deepEqual(readOpen(" 1, 2\n30 "), new Set([1, 2, 30]));
  });
  it("are refused with a word among them: an error message is no list", () => {
    assert.throws(
      () => readOpen("1 rate limit"),
      /2 values are not allowed[\s\S]*--open: got "rate"[\s\S]*--open: got "limit"/,
    );
  });
});

describe("the room for environments", () => {
  const [a, b, c] = ["hub-datasets-server-pr-a", "hub-datasets-server-pr-b", "hub-datasets-server-pr-c"];
  const loadBalancers = [a, b];
  let ofB: Occupant["ingresses"];

  before(async () => {
    ofB = builtIngresses((await stackConfig("pr-1")).datasetsServer);
    assert.deepEqual(deployedPlace(ofB), { loadBalancer: b, firstOrder: -1000 });
  });

  /** The first order of the environment that comes so many after the first one. */
  const turn = (index: number) => -1000 + serviceNames.length * index;

  /** An environment as its stack has deployed it. */
  function on(loadBalancer: string, number: number, firstOrder = -1000): PlacedOccupant {
    const text = JSON.stringify(ofB).replaceAll(b, loadBalancer);
    const ingresses = readIngresses(JSON.parse(text)).map((ingress) => {
      const order = `${albPrefix}group.order`;
      const moved = Number(ingress.metadata.annotations[order]) + 1000 + firstOrder;
      const annotations = { ...ingress.metadata.annotations, [order]: String(moved) };
      return { ...ingress, metadata: { ...ingress.metadata, annotations } };
    });
    return { number, ingresses, place: { loadBalancer, firstOrder } };
  }

  /** One whose first update goes on. */
  const starting = (loadBalancer: string, number: number): PlacedOccupant => ({
    number,
    ingresses: [],
    place: { loadBalancer, firstOrder: -1000 },
  });

  const several = (loadBalancer: string, count: number, from = 1) =>
    Array.from({ length: count }, (_, index) => on(loadBalancer, from + index, turn(index)));

  const newcomer = (others: readonly PlacedOccupant[], names: readonly string[] = loadBalancers) =>
    settlePlace({ number: 100, ingresses: ofB }, others, names);

  it("is taken on the load balancer that has the most, whatever the number is", () => {
    assert.equal(newcomer([]).loadBalancer, a);
    assert.equal(newcomer(several(a, 1)).loadBalancer, b);
    assert.equal(newcomer([...several(a, 3), ...several(b, 2, 10)]).loadBalancer, b);
    assert.equal(newcomer([...several(a, 3), ...several(b, 4, 10)], [a, b, c]).loadBalancer, c);
  });

  it("is taken at the first orders that no other on that load balancer has", () => {
    assert.equal(newcomer(several(a, 2), [a]).firstOrder, turn(2));
    assert.equal(newcomer([on(a, 1, turn(0)), on(a, 3, turn(2))], [a]).firstOrder, turn(1));
  });

  it("is kept for one that has deployed nothing yet, where its stack has recorded its place", () => {
    assert.deepEqual(newcomer([starting(a, 20)]), { loadBalancer: b, firstOrder: -1000 });
    assert.deepEqual(newcomer([starting(a, 20)], [a]), { loadBalancer: a, firstOrder: turn(1) });
  });

  it("is counted where environments are, until a load balancer has as many rules as AWS lets it have", () => {
    const { times } = timesThatFit(loadBalancerUse(ofB));
    assert.equal(newcomer([...several(a, times - 1), ...several(b, times, 20)]).loadBalancer, a);
    const onA = [...several(a, times - 1), starting(a, 19)];
    const onB = several(b, times, 20);
    const names = (those: readonly PlacedOccupant[]) => those.map(({ number }) => `pr-${number}`).join(", ");
    const tooMany = (loadBalancer: string, those: readonly PlacedOccupant[]) =>
      `${loadBalancer} would have \\d+ [a-z ]+, of at most \\d+, with ${names(those)}`;
    assert.throws(() => newcomer([...onA, ...onB]), {
      message: new RegExp(`^pr-100 has no room: ${tooMany(a, onA)}; ${tooMany(b, onB)}; no changes were made$`),
      next: /ds pr sweep .*datasets-server:pullRequest\.loadBalancers/,
    });
  });

  it("is for an environment that lives where it is, whatever the list has become", () => {
    const kept = { loadBalancer: a, firstOrder: -400 };
    const update = (others: readonly PlacedOccupant[], names: readonly string[]) =>
      settlePlace({ number: 7, ingresses: ofB, kept }, others, names);
    for (const names of [[a, b], [c, b, a], [b]]) assert.deepEqual(update(several(a, 5), names), kept);
    assert.throws(
      () => update(several(a, timesThatFit(loadBalancerUse(ofB)).times, 20), [a, b]),
      /pr-7 has no room: hub-datasets-server-pr-a would have \d+ /,
    );
  });

  it("is there until as many are open as may be", () => {
    checkCount(101, 14, 15);
    assert.throws(() => checkCount(101, 15, 15), {
      message: /pr-101 has no room: 15 environments are there, and datasets-server:pullRequest\.maxOpen is 15/,
    });
  });
});

describe("the place of an environment", () => {
  const loadBalancers = ["a", "b", "c"];
  const recorded = { loadBalancer: "b", firstOrder: "-940" };

  it("is what its stack has recorded, else where its Ingresses are, else where its number puts it", async () => {
    const ingresses = builtIngresses((await stackConfig("pr-2")).datasetsServer);
    assert.deepEqual(placeOf({ number: 2, ingresses }, recorded, loadBalancers), {
      loadBalancer: "b",
      firstOrder: -940,
    });
    assert.deepEqual(placeOf({ number: 2, ingresses }, {}, loadBalancers), {
      loadBalancer: "hub-datasets-server-pr-a",
      firstOrder: -1000 + serviceNames.length,
    });
    assert.deepEqual(placeOf({ number: 2, ingresses: [] }, {}, loadBalancers), {
      loadBalancer: "c",
      firstOrder: -1000,
    });
  });
});

describe("an environment", () => {
  const now = new Date("2026-05-01T12:00:00Z");
  const reason = (parameters: Parameters, isClosed = false) => reasonToGo(parameters, { isClosed, now });
  const lasting = { expires: "2026-05-02T12:00:00Z" };

  it("stays while its pull request is not closed and its time is not over", () => {
    assert.equal(reason(lasting), undefined);
  });
  it("goes when its pull request is closed", () => {
    assert.match(reason(lasting, true) ?? "", /not open/);
  });
  it("goes when its time is over, to the second, open or not", () => {
    assert.match(reason({ expires: now.toISOString() }) ?? "", /its time was over/);
  });
  it("goes when it never came up", () => {
    assert.match(reason({}) ?? "", /never came up/);
  });
});

describe("the list of environments", () => {
  let folder: string;
  const stacks = ".pulumi/stacks/datasets-server";
  const state = JSON.stringify({ version: 3, checkpoint: { latest: { resources: [] } } });

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-environments-"));
    await mkdir(path.join(folder, stacks), { recursive: true });
    const files = {
      "pr-20.json": state,
      "pr-20.json.attrs": "{}",
      "pr-20.json.bak": state,
      "pr-20.pulumi-tags": "{}",
      "pr-3.json": state.slice(0, 20),
      "pr-4.json.bak": state,
      "prod.json": state,
      "pr-x.json": state,
      "pr-007.json": state,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, stacks, name), text);
  });
  after(() => rm(folder, { recursive: true }));

  it("has each pull request's by its number, says which state is damaged, and no stack of another sort", async () => {
    const environments = await listEnvironments(await openStore({ kind: "file", folder }));
    assert.deepEqual(
      environments.map(({ identity, ...rest }) => ({ stack: identity.stack, ...rest })),
      [
        { stack: "pr-3", damaged: `${stacks}/pr-3.json`, ingresses: [] },
        { stack: "pr-20", ingresses: [] },
      ],
    );
  });

  it("tells of each what its tags say, less what could not have been recorded", () => {
    const tags = { "pr:image-tag": "sha-abc1234", "pr:author": "ada", "pr:expires": "soon", "pulumi:project": "x" };
    assert.deepEqual(taggedParameters(tags), { imageTag: "sha-abc1234", author: "ada" });
  });
});
