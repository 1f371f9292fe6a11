import assert from "node:assert/strict";
import { type Command, CommanderError } from "commander";
import { createProgram, pathOf, splitAtDashes } from "../../../cli/commandLine";
import { problemsOf, start } from "../../support/commandLine";

/** What ds says to a command line that it refuses, and that it is one. */
async function refusal(...argv: readonly string[]): Promise<string> {
  const { own, passed } = splitAtDashes(argv);
  const program = createProgram(passed);
  const said: string[] = [];
  for (const command of everyCommand(program)) {
    command.configureOutput({ writeErr: (text) => said.push(text), writeOut: (text) => said.push(text) });
  }
  await assert.rejects(program.parseAsync([...own], { from: "user" }), CommanderError);
  return said.join("");
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** What a command's help says, with what is added to it. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

describe("a command line of ds that is wrong", () => {
  for (const { argv, says } of [
    { argv: ["depoy", "prod"], says: /unknown command 'depoy'\n\(Did you mean deploy\?\)/ },
    { argv: ["deploy", "prod", "--yess"], says: /unknown option '--yess'\n\(Did you mean --yes\?\)/ },
    { argv: ["deploy", "prd"], says: /'prd' is invalid.* allowed: prod, ephemeral, local, .*Did you mean prod\?/ },
    { argv: ["preview", "Epheremal"], says: /Did you mean ephemeral\?/ },
    { argv: ["preview", "kitchen"], says: /allowed: prod, ephemeral, local, pr-N, prod-CLUSTER\.\n/ },
    { argv: ["preview"], says: /missing required argument 'STACK'/ },
    { argv: ["deploy"], says: /missing required argument 'STACK'/ },
    { argv: ["deploy", "STACK=prod"], says: /'STACK=prod' is invalid/ },
    { argv: ["deploy", "prod", "ephemeral"], says: /too many arguments/ },
    { argv: ["deploy", "--allow", "Service/api", "prod"], says: /missing required argument 'STACK'/ },
    { argv: ["doctor", "prod", "--", "--json"], says: /ds doctor takes nothing after --/ },
    { argv: ["history", "prod", "--limit", "all"], says: /Expected a number from 1 to 9999/ },
    { argv: ["review", "prod"], says: /required option '--out <file>' not specified/ },
    { argv: ["review", "post", "--pr", "1"], says: /required option '--comment <file>' not specified/ },
    { argv: ["pr", "up", "123"], says: /required option '--image <tag>' not specified/ },
    { argv: ["pr", "swep"], says: /unknown command 'swep'\n\(Did you mean sweep\?\)/ },
    {
      argv: ["tools", "install", "everything"],
      says: /Allowed choices are deploy, eks, cluster, node, test, check, long/,
    },
    { argv: ["completion", "tcsh"], says: /Allowed choices are bash, zsh, fish/ },
  ] as const) {
    it(`is refused, and nothing runs: ds ${argv.join(" ")}`, async () => {
      const said = await refusal(...argv);
      assert.match(said, says);
      assert.match(said, /add --help to see what the command takes/);
    });
  }

  it("ends with 2, one that fails with 1, and help with 0", async () => {
    const codes = await Promise.all([["depoy"], ["issue", "--about", "x"], ["--help"]].map((argv) => start(argv)));
    assert.deepEqual(
      codes.map(({ code }) => code),
      [2, 1, 0],
    );
  });
});

describe("what comes after --", () => {
  it("is for pulumi, whatever it looks like", () => {
    assert.deepEqual(splitAtDashes(["deploy", "prod", "--yes", "--", "--target", "x", "--"]), {
      own: ["deploy", "prod", "--yes"],
      passed: ["--target", "x", "--"],
    });
    assert.deepEqual(splitAtDashes(["deploy", "prod"]), { own: ["deploy", "prod"], passed: undefined });
  });

  it("must not name another stack for ds pulumi, by which the command would be about that one", async () => {
    for (const flags of [["--stack", "prod"], ["-s", "prod"], ["--stack=prod"]]) {
      const { code, stderr } = await start(["pulumi", "local", "--", "up", ...flags]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the stack is local already; no changes were made/);
    }
  });
});

describe("ds deploy", () => {
  it("asks at a terminal or is told --yes: CI is no yes", async () => {
    const { code, stderr } = await start(["deploy", "local"], { CI: "true" });
    assert.equal(code, 1);
    assert.match(stderr, /no terminal to ask at; no changes were made\nNext: ds deploy local --yes/);
  });
});

describe("the help of ds", () => {
  const program = createProgram();
  const leaves = everyCommand(program).filter((command) => command !== program);

  it("gives a group to every command, and fits into 80 columns", () => {
    const help = helpOf(program);
    for (const command of program.commands) assert.notEqual(command.helpGroup(), "", command.name());
    for (const line of help.split("\n")) assert.ok(line.length <= 80, line);
  });

  it("documents the exit codes", () => {
    assert.match(helpOf(program), /Exit codes:\n {2}0 {2}.*\n {2}1 {2}.*\n {2}2 {2}/);
  });

  for (const command of leaves) {
    it(`has two examples of ds ${pathOf(command)}, which are command lines that it takes`, () => {
      const examples = [...helpOf(command).matchAll(/^ {2}\$ ds (.*)$/gm)].map(([, line = ""]) => line);
      assert.equal(examples.length, 2);
      for (const example of examples) {
        const line = example.replace(/ {2}#.*| > .*| && .*/, "");
        const words = [...line.matchAll(/(?:"[^"]*"|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ""));
        assert.deepEqual(problemsOf(words), [], example);
      }
    });
  }
});
