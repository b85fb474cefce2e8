# shellcheck shell=sh
# The rights of a command, as flags of Deno. The launcher starts every command with these, and so do the tests.

# rights COMMAND [ARGUMENT…]: prints the flags, one a line.
#
# Commands that take data may read everything, since data sets and recipes name files anywhere. A command may write to
# the folder of its results and to the cache folder, and to nothing else. It has no right to libraries, and none to the
# network, but for the address at which --serve shows the run.
# Of the environment it sees what is named here; the rest looks unset. The caller sets `deno` and `root`.
rights() {
  command=${1:-}
  out=runs
  # convert writes one file, and none if it is not named.
  # evaluate writes nothing without --out, and report into the folders that it is given.
  case $command in convert | evaluate | report) out= ;; esac
  plot=
  sheet=
  plan=
  tensorboard=
  serve=
  web=
  previous=
  for argument in "$@"; do
    case $previous in
      --out) out=$argument ;;
      --plot) plot=$argument ;;
      --sheet) sheet=$argument ;;
      --serve) serve=$argument ;;
      --web) web=$argument ;;
    esac
    case $argument in
      --out=*) out=${argument#*=} ;;
      --plot=*) plot=${argument#*=} ;;
      --sheet=*) sheet=${argument#*=} ;;
      --serve=*) serve=${argument#*=} ;;
      --web=*) web=${argument#*=} ;;
      --plan) plan=yes ;;
      --tensorboard) tensorboard=yes ;;
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
      if [ -n "$plan" ]; then out=${TMPDIR:-/tmp}; fi
      may write "$out" "$cache"
      echo --allow-sys=homedir,hostname
      if [ -z "$plan" ]; then may_listen "$serve"; fi
      ;;
    predict | select | synth | project)
      echo --allow-read
      may write "$out" "$cache"
      echo --allow-sys=homedir
      ;;
    evaluate)
      echo --allow-read
      may write "$out" "$cache"
      echo --allow-sys=homedir
      ;;
    convert)
      echo --allow-read
      # The file is written beside its place first.
      may write "${out:+$(dirname -- "$out")}"
      ;;
    export)
      echo --allow-read
      may write "$web"
      # It starts the bundler, and nothing else.
      may_bundle
      ;;
    report)
      echo --allow-read
      # What is left of the arguments are the runs.
      shift
      previous=
      for argument in "$@"; do
        shift
        case $previous in
          --out | --control-run) ;;
          *) case $argument in --*) ;; *) set -- "$@" "$argument" ;; esac ;;
        esac
        previous=$argument
      done
      place=$(dirname -- "${out:-report.html}")
      if [ -z "$out" ] && [ $# -eq 1 ]; then place=$1; fi
      if [ -z "$tensorboard" ]; then set --; fi
      may write "$place" "$@"
      ;;
    recipes)
      may read "$root"
      ;;
    inspect)
      echo --allow-read
      may write "${sheet:+$(dirname -- "$sheet")}"
      ;;
    rank-images)
      echo --allow-read
      may write "$(dirname -- "$out")" "$cache"
      echo --allow-sys=homedir
      ;;
    tune | doctor)
      may read "$root" "$cache"
      may write "$cache"
      echo --allow-sys=homedir,systemMemoryInfo
      ;;
    bench)
      # It starts other engines as programs of their own; nothing else may run programs.
      echo --allow-read
      may write "${plot:+$(dirname -- "$plot")}" "${TMPDIR:-/tmp}" "$cache"
      echo --allow-sys=homedir,systemMemoryInfo,cpus,osRelease
      echo "--allow-run=$deno,python3,/usr/bin/python3"
      ;;
  esac
}

# may_bundle: prints the flag that gives the right to start esbuild, which lies among the packages that Deno has fetched.
# No right is given where it is not there, or where Deno has no way to write its path.
may_bundle() (
  # The launcher has switched patterns off.
  set +f
  bundlers=
  for found in "${DENO_DIR:-${cache%/crosswalk}/deno}"/npm/*/@esbuild/*/*/bin/esbuild; do
    case $found in *,* | *"$line_end"*) continue ;; esac
    if [ -x "$found" ]; then bundlers=$bundlers${bundlers:+,}$found; fi
  done
  if [ -n "$bundlers" ]; then echo "--allow-run=$bundlers"; fi
)

line_end='
'

# may_listen ADDRESS: prints the flag that gives the right to listen there: at PORT of this computer alone, or at HOST:PORT.
# What is no address gives no right. For port 0, any free one, Deno asks for the right to port 0.
may_listen() {
  case $1 in *[!0-9]*) host=${1%:*} ;; *) host=127.0.0.1 ;; esac
  port=${1##*:}
  case $port in "" | *[!0-9]* | ??????*) return ;; esac
  if [ "$port" -gt 65535 ]; then return; fi
  case $host in
    "" | "$1") return ;;
    \[*[!0-9A-Fa-f:.]*\] | \[\]) return ;;
    \[*\]) ;;
    *[!A-Za-z0-9._-]*) return ;;
  esac
  echo "--allow-net=$host:$port"
}

# may read|write FOLDER…: prints the flags that give this right to folders. A comma would end a folder's name, and Deno has
# no way to write one; a line end would end the flag. A folder with either cannot be named, so the right is given to all.
# Nothing else is named then, since a flag that names folders takes the right to all others back.
may() {
  right=$1
  shift
  for folder in "$@"; do
    case $folder in *,* | *"$line_end"*) echo "--allow-$right" && return ;; esac
  done
  for folder in "$@"; do
    if [ -n "$folder" ]; then echo "--allow-$right=$folder"; fi
  done
}
