# Prints what zsh offers for a command line: zsh -f offers.zsh SCRIPT LINE
#
# Completion only works in an interactive shell, so this starts one on a pseudo-terminal, types the line and a
# tab, and reads the offers from the screen. `compadd` is what every offer passes through.
directory=$(mktemp -d)
cp "$1" "$directory/_magic-admin"

zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "
PROMPT=
fpath=($directory \$fpath)
autoload -U compinit && compinit -D -u
compadd() {
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return; fi
    local -a hits
    builtin compadd -A hits \"\$@\"
    builtin compadd \"\$@\"
    (( \$#hits )) && print -l -- ''  offer:\$^hits
}
finish() { _main_complete; print done:; exit }
zle -C finish list-choices finish
bindkey '^I' finish
print ready:
"
zpty -r shell screen '*ready:[[:space:]]*'
zpty -w -n shell "$2"$'\t'
zpty -r shell screen '*done:*'
rm -r "$directory"
print -r -- "$screen" | tr -d '\r' | sed -n 's/.*offer://p'
