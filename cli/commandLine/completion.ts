import type { Argument, Command } from "commander";
import { variables } from "../../catalog/variables";
import { fixedStacks } from "./shared";

export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/** Options whose value is a file or folder. */
const takingFiles = ["out", "file", "comment", "workspace"] as const;

/** The words that may follow a command's own, such as `pr up`. */
interface Place {
  readonly path: string;
  readonly words: readonly string[];
}

/** A script that completes commands, options and stacks in a shell, made from the commands as they are. */
export function completionScript(shell: Shell, program: Command): string {
  return scripts[shell](placesOf(program, ""));
}

/** A command and all below it. */
function placesOf(command: Command, path: string): Place[] {
  const words = [
    ...command.commands.map((each) => each.name()),
    ...command.registeredArguments.flatMap((argument) => argument.argChoices ?? namesFor(argument)),
    ...command.options.flatMap(({ long }) => long ?? []),
    "--help",
  ];
  const below = command.commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`.trim()));
  return [{ path, words }, ...below];
}

function namesFor(argument: Argument): readonly string[] {
  if (argument.name() === "VARIABLE|KEY") return Object.keys(variables);
  return argument.name().startsWith("STACK") ? fixedStacks : [];
}

/** Finds the longest command that the words before the cursor name, then the words that may follow it. */
const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: (places) => `${posixWords(places)}
_ds() {
  local place="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    _ds_words "\${place:+$place }$word" >/dev/null && place="\${place:+$place }$word"
  done
  COMPREPLY=($(compgen -W "$(_ds_words "$place")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ds ds ./ds`,
  zsh: (places) => `#compdef ds
${posixWords(places)}
_ds() {
  local place="" word
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    _ds_words "\${place:+$place }$word" >/dev/null && place="\${place:+$place }$word"
  done
  compadd -- \${=$(_ds_words "$place")} || _files
}
compdef _ds ds ./ds`,
  fish: (places) => `function __ds_words
  switch "$argv[1]"
${places.map(({ path, words }) => `    case '${path}'\n      printf '%s\\n' ${words.join(" ")}`).join("\n")}
    case '*'
      return 1
  end
end
function __ds
  set -l place
  for word in (commandline -opc)[2..]
    __ds_words "$place $word" >/dev/null; and set place "$place $word"
    test -z "$place"; and __ds_words "$word" >/dev/null; and set place "$word"
  end
  __ds_words "$place"
end
complete -c ds -f -a '(__ds)'
${takingFiles.map((name) => `complete -c ds -l ${name} -r -F`).join("\n")}`,
};

function posixWords(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => `    '${path}') echo "${words.join(" ")}" ;;`);
  return ["_ds_words() {", '  case "$1" in', ...cases, "    *) return 1 ;;", "  esac", "}"].join("\n");
}
