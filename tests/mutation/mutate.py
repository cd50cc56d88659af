#!/usr/bin/python3
"""Takes one defence after another out of the code and demands that a test notices.

usage: mutate.py TABLE.toml [NAME...]      all mutations of a table, or those named
       mutate.py --fits TABLE.toml...      only whether what they take out is still there

A table has a list of [[mutation]]:

    name    what is taken out
    why     what that would lead to
    file    one source file, from the top of the tree
    find    text that stands in it exactly once; `replace` takes its place. Several pairs: `edits`,
            a list of {find, replace}, and `file` where one is in another file: defences that
            stand one behind the other are taken out together
    build   the program that the file ends up in: a target of CMake
    run     the command that must fail, run by bash in the source tree; "{program}", the default,
            is the changed program. PAWL_BIN and PAWL_TOOLS hold it among the unchanged ones
    expect  a regular expression that the failing output must hold, so that it fails for this reason;
            or a list, of which it must hold each
    timeout seconds, 120 unless given; a run that is cut off proves nothing, unless `hangs = true`
    survives = true: for the harness's own test, the test must not notice

Only the changed files are compiled, as the build does, and the program is linked with them; the
tree and the build stay as they are. Every command runs with the unchanged program first, where it
must succeed, or its failure would prove nothing.
"""
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

SOURCE = os.environ["PAWL_SOURCE"]
BUILD = os.environ["PAWL_BUILD"]
PLACES = {"bin": "PAWL_BIN", "tools": "PAWL_TOOLS", "tests": None}


class Wrong(Exception):
    """The table or the build is not as the harness needs it: no verdict is possible."""


def program_find(target):
    for place in PLACES:
        if os.path.exists(f"{BUILD}/{place}/{target}"):
            return place, f"{BUILD}/{place}/{target}"
    raise Wrong(f"{target}: not built")


def link_words(place, target):
    """The command that links a program, without what the generator puts around it."""
    text = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "-s", f"{place}/{target}"],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    words = shlex.split(text.strip().splitlines()[-1])
    start = words.index("&&") + 1 if words[0] == ":" else 0
    end = words.index("&&", start) if "&&" in words[start:] else len(words)
    return words[start:end]


def object_of(file, link):
    """How the build compiles the file for this program, and the object's name."""
    with open(f"{BUILD}/compile_commands.json", encoding="utf-8") as commands:
        entries = [entry for entry in json.load(commands)
                   if entry["file"] == os.path.join(SOURCE, file)]
    for entry in entries:
        words = shlex.split(entry["command"])
        made = words[words.index("-o") + 1]
        library = re.search(r"([^/]+)\.dir/", made).group(1)
        if made in link or any(os.path.basename(word) == f"lib{library}.a" for word in link):
            return words, made
    raise Wrong(f"{file}: is no part of this program")


def texts_change(mutation):
    """The changed files, by name."""
    texts = {}
    for edit in mutation.get("edits") or [mutation]:
        file = edit.get("file") or mutation["file"]
        if file not in texts:
            with open(f"{SOURCE}/{file}", encoding="utf-8") as source:
                texts[file] = source.read()
        found = texts[file].count(edit["find"])
        if found != 1:
            raise Wrong(f"{file}: found {found} times: {edit['find']!r}")
        texts[file] = texts[file].replace(edit["find"], edit["replace"])
    return texts


def object_make(file, text, link, scratch):
    """Compiles a changed file; the names of the object of the build, and of this one."""
    compiler, made = object_of(file, link)
    changed = os.path.join(scratch, os.path.basename(file))
    with open(changed, "w", encoding="utf-8") as source:
        source.write(text)
    output = changed + ".o"
    compiler[compiler.index("-o") + 1] = output
    compiler[compiler.index("-c") + 1] = changed
    folder = os.path.dirname(os.path.join(SOURCE, file))
    # What is taken out may leave something unused behind.
    command_run([*compiler, "-w", "-iquote", folder])
    return made, output


def program_make(mutation, scratch):
    """Compiles the changed files and links the program anew, into the scratch directory."""
    place, program = program_find(mutation["build"])
    link = link_words(place, mutation["build"])
    linked = os.path.join(scratch, "program", os.path.basename(program))
    os.mkdir(os.path.dirname(linked))
    words = list(link)
    words[words.index("-o") + 1] = linked
    for file, text in texts_change(mutation).items():
        made, output = object_make(file, text, link, scratch)
        if made in words:
            words[words.index(made)] = output
        else:  # ahead of the archives, so that the member of the same name is not drawn in
            words.insert(words.index("-o") + 2, output)
    command_run(words)
    return place, linked


def command_run(words):
    done = subprocess.run(words, cwd=BUILD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:
        raise Wrong(f"{shlex.join(words[:1])} failed:\n{done.stdout}")


def environment_make(place, program, scratch):
    """Folders of programs in which the changed one takes the place of the unchanged."""
    environment = dict(os.environ)
    variable = PLACES[place]
    if variable is None:
        return environment
    folder = os.path.join(scratch, place)
    os.mkdir(folder)
    for name in os.listdir(f"{BUILD}/{place}"):
        os.symlink(f"{BUILD}/{place}/{name}", os.path.join(folder, name))
    os.remove(os.path.join(folder, os.path.basename(program)))
    # A copy, not a link: programs look for others beside themselves.
    shutil.copy2(program, folder)
    environment[variable] = folder
    return environment


def test_run(mutation, program, environment):
    """Exit status, or None when time ran out, and what was printed."""
    command = mutation.get("run", "{program}").replace("{program}", shlex.quote(program))
    process = subprocess.Popen(["bash", "-c", command], cwd=SOURCE, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=mutation.get("timeout", 120))
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, _ = process.communicate()
        status = None
    return status, output.decode(errors="replace")


def sound_check(mutation):
    """The unchanged program passes."""
    _, program = program_find(mutation["build"])
    status, output = test_run(mutation, program, dict(os.environ))
    if status != 0:
        return f"fails without a change ({status}): {mutation.get('run', mutation['build'])}\n" \
               f"{output[-2000:]}"
    return None


def verdict_make(mutation):
    """What is wrong, or None; and what the test said."""
    with tempfile.TemporaryDirectory() as scratch:
        place, program = program_make(mutation, scratch)
        environment = environment_make(place, program, scratch)
        status, output = test_run(mutation, program, environment)
    expected = mutation.get("expect", "^")
    found = [re.search(pattern, output, re.MULTILINE)
             for pattern in (expected if isinstance(expected, list) else [expected])]
    if mutation.get("survives"):
        return (None if status == 0 else f"noticed ({status})\n{output[-2000:]}"), "nothing"
    if status == 0:
        return "NOT CAUGHT: the test passes", ""
    if status is None and not mutation.get("hangs"):
        return f"took too long\n{output[-2000:]}", ""
    if status is not None and None in found:
        return f"fails ({status}), but not as expected\n{output[-3000:]}", ""
    return None, "a hang" if status is None else "; ".join(match.group(0).strip() for match in found)


def mutation_try(mutation):
    start = time.monotonic()
    try:
        wrong, said = verdict_make(mutation)
    except Wrong as error:
        wrong, said = str(error), ""
    seconds = time.monotonic() - start
    if wrong is None:
        print(f"caught {seconds:6.1f} s  {mutation['name']}: {said[:150]}", flush=True)
    else:
        print(f"WRONG  {seconds:6.1f} s  {mutation['name']}: {wrong}", flush=True)
    return wrong is None


def sound_try(mutation):
    wrong = sound_check(mutation)
    if wrong is not None:
        print(f"WRONG  {wrong}", flush=True)
    return wrong is None


def fits_check(tables):
    wrong = 0
    for table in tables:
        with open(table, "rb") as file:
            for mutation in tomllib.load(file)["mutation"]:
                try:
                    texts_change(mutation)
                except Wrong as error:
                    print(f"WRONG  {mutation['name']}: {error}")
                    wrong += 1
    return 1 if wrong or not tables else 0


def main():
    if sys.argv[1] == "--fits":
        return fits_check(sys.argv[2:])
    with open(sys.argv[1], "rb") as file:
        mutations = tomllib.load(file)["mutation"]
    names = [mutation["name"] for mutation in mutations]
    if len(set(names)) != len(names):
        sys.exit("a name stands twice in the table")
    if sys.argv[2:]:
        mutations = [mutation for mutation in mutations if mutation["name"] in sys.argv[2:]]
    sound = {(mutation["build"], mutation.get("run")): mutation for mutation in mutations}
    jobs = int(os.environ.get("JOBS", os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        first = list(pool.map(sound_try, sound.values()))
        verdicts = list(pool.map(mutation_try, mutations))
    print(f"{sum(verdicts)} of {len(verdicts)} mutations caught")
    return 0 if mutations and all(verdicts) and all(first) else 1


if __name__ == "__main__":
    sys.exit(main())
