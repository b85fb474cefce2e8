# shellcheck shell=sh
# The rights of a command, as flags of Deno. The launcher starts every command with these, and so do the tests.

# rights COMMAND [ARGUMENT…]: prints the flags, one a line.
#
# Commands that take data may read everything, since data sets and recipes name files anywhere. A command may write to
# the folder of its results and to the cache folder, and to nothing else. It has no right to the network or to libraries.
# Of the environment it sees what is named here; the rest looks unset. The caller sets `deno` and `root`.
rights() {
  command=${1:-}
  out=runs
  plot=
  plan=
  previous=
  for argument in "$@"; do
    case $previous in
      --out) out=$argument ;;
      --plot) plot=$argument ;;
    esac
    case $argument in
      --out=*) out=${argument#*=} ;;
      --plot=*) plot=${argument#*=} ;;
      --plan) plan=yes ;;
    esac
    previous=$argument
  done

  if [ "$(uname -s)" = Darwin ]; then cache=${HOME:-}/Library/Caches; else cache=${HOME:-}/.cache; fi
  cache=${XDG_CACHE_HOME:-$cache}/crosswalk

  echo --no-prompt
  echo --ignore-env
  echo --allow-env=CROSSWALK_DEBUG,XDG_CACHE_HOME,LOCALAPPDATA,TMPDIR,TMP,TEMP,VK_DRIVER_FILES,VK_ICD_FILENAMES,DENO_WEBGPU_BACKEND
  case $command in
    adapt | train)
      echo --allow-read
      if [ -n "$plan" ]; then may write "${TMPDIR:-/tmp}"; else may write "$out"; fi
      may write "$cache"
      echo --allow-sys=homedir,hostname
      ;;
    predict | select | synth)
      echo --allow-read
      may write "$out"
      may write "$cache"
      echo --allow-sys=homedir
      ;;
    evaluate)
      echo --allow-read
      may write "$cache"
      echo --allow-sys=homedir
      ;;
    tune | doctor)
      may read "$root"
      may read "$cache"
      may write "$cache"
      echo --allow-sys=homedir,systemMemoryInfo
      ;;
    bench)
      # It starts other engines as programs of their own; nothing else may run programs.
      echo --allow-read
      if [ -n "$plot" ]; then may write "$(dirname -- "$plot")"; fi
      may write "${TMPDIR:-/tmp}"
      may write "$cache"
      echo --allow-sys=homedir,systemMemoryInfo,cpus,osRelease
      echo "--allow-run=$deno,python3,/usr/bin/python3"
      ;;
  esac
}

# may read|write FOLDER: prints the flag that gives this right to a folder. A comma would end its name, and Deno has no way
# to write one; such a folder cannot be named, so the right is given to all.
may() {
  case $2 in
    "") ;;
    *,*) echo "--allow-$1" ;;
    *) echo "--allow-$1=$2" ;;
  esac
}
