import * as assert from "node:assert/strict";
import { isCronSchedule, shortestGapSeconds } from "../../../config/cron";

/** As the parser of Kubernetes, github.com/robfig/cron/v3, takes them and does not. */
const taken = [
  "05 12 * * *",
  "*/10 * * * *",
  "13 00 * * *",
  "0 0-5/2,22 1,15 JAN-mar SUN",
  "0 0 * * 6",
  "5/15 0 * * *",
];
const refused = [
  ...["60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 32 * *", "0 0 * 13 *", "0 0 * * 7", "0 0 * * SUNDAY", "-1 * * * *"],
  ...[
    "*/0 * * * *",
    "5-1 * * * *",
    "1, * * * *",
    "1-2-3 * * * *",
    "a b c d e",
    "0 0 L * *",
    "0 0 * * 1#2",
    "H 0 * * *",
  ],
  ...["@daily", "", "* * * *", "* * * * * *", "0  0 * * *", "TZ=UTC 0 0 * *", "1.5 * * * *", "１ * * * *"],
];

describe("a schedule", () => {
  for (const text of taken) it(`may be ${text}`, () => assert.ok(isCronSchedule(text)));
  for (const text of refused) it(`may not be "${text}"`, () => assert.ok(!isCronSchedule(text)));
});

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

describe("the shortest time between two runs of a schedule", () => {
  const gaps: Readonly<Record<string, number | undefined>> = {
    "* * * * *": minute,
    "*/10 * * * *": 10 * minute,
    // The last of an hour and the first of the next.
    "*/7 * * * *": 4 * minute,
    "5/15 * * * *": 15 * minute,
    "50 */3 * * *": 3 * hour,
    "0 0-5/2,22 * * *": 2 * hour,
    "05 12 * * *": day,
    "59 0,23 * * *": hour,
    "0 0 * * MON-FRI": day,
    "0 0 * * sun": 7 * day,
    "0 0 1 * *": 28 * day,
    // A day of the month or one of the week, where both are given.
    "0 0 1 * MON": day,
    "0 0 31 2 *": undefined,
    "0 0 30 feb *": undefined,
  };
  for (const [schedule, gap] of Object.entries(gaps)) {
    it(`of ${schedule} is ${gap === undefined ? "none, as it never runs" : `${gap} s`}`, () =>
      assert.equal(shortestGapSeconds(schedule), gap));
  }
});
