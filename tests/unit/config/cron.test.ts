import * as assert from "node:assert/strict";
import { isCronSchedule } from "../../../config/cron";

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
