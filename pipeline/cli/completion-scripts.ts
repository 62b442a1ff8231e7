/** What a shell runs to ask `caisson __complete`: each prints candidates as `value TAB description`, and at the end `:places`. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The script for a shell; `program` is the argv that starts this Caisson. */
export function completionScript(shell: (typeof SHELLS)[number], program: readonly string[]): string {
  const start = program.map(quoted).join(' ');
  return { bash, zsh, fish }[shell](`${start} __complete --`);
}

// `compopt` so that a folder gets its slash and no blank; COMP_WORDS, not $2, since that is cut at `:` and `=`.
const bash = (ask: string): string => String.raw`# source <(caisson completion bash)
_caisson() {
  local typed="${'$'}{COMP_WORDS[COMP_CWORD]}" line
  [[ $typed == = ]] && typed=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$typed") ;;
      :folders) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$typed") ;;
      :none) ;;
      *) COMPREPLY+=("${'$'}{line%%$'\t'*}") ;;
    esac
  done < <(${ask} "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _caisson caisson
`;

const zsh = (ask: string): string => String.raw`#compdef caisson
# source <(caisson completion zsh), behind compinit
_caisson() {
  local -a lines described
  local line places
  lines=("${'$'}{(@f)$(${ask} "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}")
  places=$lines[-1]
  for line in "${'$'}{(@)lines[1,-2]}"; do
    described+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}")
  done
  (( $#described )) && _describe -V caisson described
  case $places in
    :files) _files ;;
    :folders) _files -/ ;;
  esac
}
compdef _caisson caisson
`;

const fish = (ask: string): string => String.raw`# caisson completion fish | source
function __caisson_complete
  set -l typed (commandline -ct)
  set -l words (commandline -opc)[2..-1]
  for line in (${ask} $words "$typed" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$typed"
      case ':folders'
        __fish_complete_directories "$typed"
      case ':none'
      case '*'
        echo $line
    end
  end
end
complete -c caisson -f -a '(__caisson_complete)'
`;

/** As all three read it. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
