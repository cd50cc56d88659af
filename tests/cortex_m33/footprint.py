#!/usr/bin/python3
"""DESIGN's sizes as a test: text, data and bss of each part of the firmware by the linker's map, the
worst stack by the compiler's call graph, memory by the sizes of types. Fails when one is above its
ceiling, or docs/footprint.md is not what this build gives.

usage: footprint.py [--write]     --write: the table in docs/footprint.md anew

PAWL_FIRMWARE: the build to read, build-cortex-m33 or build-cortex-m33-psa."""
import collections
import os
import re
import subprocess
import sys

SOURCE = os.environ["PAWL_SOURCE"]
FIRMWARE = os.environ.get("PAWL_FIRMWARE", os.path.join(SOURCE, "build-cortex-m33"))
DOCUMENT = os.path.join(SOURCE, "docs/footprint.md")
BEGIN = "<!-- made by tests/cortex_m33/footprint.py of %s -->\n" % os.path.basename(FIRMWARE)

# Parts in the order of the table: name, a pattern of the archive or object, ceiling of text (bytes).
PARTS = (
    ("src/core", r"libpawl_core\.a", 8700),
    ("src/processor", r"libpawl_processor\.a", 8000),
    ("port/common", r"libpawl_port_common\.a", 2900),
    ("BearSSL and its adapter", r"libbearssl\.a|libpawl_crypto_bearssl\.a", 13200),
    ("Mbed TLS and its adapter", r"libmbedtls\.a|libpawl_crypto_psa\.a", 34300),
    ("libgcc, mem*", r"libgcc\.a|libc_nano\.a|libg_nano\.a", 1900),
    ("port/cortex-m33", r"port/cortex-m33/", 5600),
)
STACK_CEILING = 4096
LIBRARY_CEILING = 16 * 1024  # text of core and processor
BOOT_CEILING = 36 * 1024  # text of all that a secure boot needs, with BearSSL
RAM_CEILING = 8192

# Calls through pointers: who makes them (a pattern of the function's name), and what may be called.
EXECUTOR = ["load_begin", "load", "load_abort", "run", "stop"]
PROTECTED = ["counter_read", "counter_increment", "cell_read", "cell_write"]
FIELDS = ["poll_after_read", "challenge_read", "url_read", "diagnostic_read",
          "message_read", "summons_read", "digest_read", "addresses_read", "success_read",
          "arguments_read", "revoked_read", "manifest_read", "anchors_read"]
INDIRECT = {
    r"pawl_link_serve|request_serve": ["hello", "report", "directive", "package_write", "install",
                                       "status", "cancel", "content_key", "taken"],
    r"pawl_link_device_take|unprovisioned_serve": ["provision"],
    r"pawl_engine_handle": [f"pawl_engine_{name}" for name in (
        "begin", "boot", "commit", "drop", "fall_back", "finish", "heed", "resume", "stage", "start",
        "take")],
    r"pawl_flash_": ["flash_read", "flash_program", "flash_erase"],
    r"commit_make": [*PROTECTED, "entropy"],
    r"pawl_ledger_": PROTECTED,
    r"pawl_image_load|pawl_image_run|pawl_engine_start|pawl_committed_run|pawl_attempt_stop": EXECUTOR,
    r"pawl_processor_report_wanting": ["entropy"],
    r"pawl_map_read": FIELDS,
    r"pawl_rfc3394_": ["block_encrypt", "block_decrypt"],
    r"br_gcm_": ["br_aes_ct_ctr_run", "br_ghash_ctmul32"],
    r"br_ecdsa_i31_vrfy_raw": ["api_order", "api_muladd"],
    r"mbedtls_platform_zeroize": ["memset"],
    r"mpi_fill_random_internal": ["mbedtls_psa_get_random"],
    r"mbedtls_mpi_mul_mod": ["ecp_mod_p256"],
    r"mbedtls_calloc": ["buffer_alloc_calloc", "pawl_mbedtls_calloc_first"],
    r"mbedtls_free": ["buffer_alloc_free"],
    r"mbedtls_cipher_": ["aes_crypt_ecb_wrap", "aes_crypt_cbc_wrap", "aes_setkey_enc_wrap",
                         "aes_setkey_dec_wrap", "aes_ctx_alloc", "aes_ctx_free"],
    r"pawl_rfc3394_.*psa": ["block_run"],
}
# What may be on the path twice: a field may be a map of its own, of fields that are none; the first
# allocation is made again by the allocator that it sets up.
NESTED = {"pawl_map_read", "mbedtls_calloc"}
# Calls that are in the code and not made: GCM uses the cipher layer for AES alone, not for GCM.
NEVER = {("mbedtls_cipher_update", "mbedtls_gcm_update")}


def sections():
    """(part's name or None, kind, size) of each section that was linked."""
    with open(os.path.join(FIRMWARE, "firmware.map"), encoding="utf-8") as file:
        text = file.read()
    text = text[text.index("Linker script and memory map"):]
    pattern = r"^ (\.(?:text|rodata|data|bss)|COMMON)\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)"
    for kind, address, size, origin in re.findall(pattern, text, re.M):
        if int(address, 16) and int(size, 16):
            yield next((name for name, where, _ in PARTS if re.search(where, origin)), None), \
                {".rodata": ".text", "COMMON": ".bss"}.get(kind, kind), int(size, 16)


def sizes():
    table = collections.defaultdict(collections.Counter)
    for part, kind, size in sections():
        table[part][kind] += size
    return table


class CallGraph:
    """Functions, what each takes of the stack, and whom it calls, from the compiler's .ci files."""

    def __init__(self):
        self.stack, self.calls = {}, collections.defaultdict(set)
        self.short = collections.defaultdict(set)
        self.known = {}
        for folder, _, names in os.walk(FIRMWARE):
            if re.search("/(examples|tests)/|counts", folder):
                continue
            for name in names:
                if name.endswith(".c.obj"):
                    graph = os.path.join(folder, name.removesuffix(".obj") + ".ci")
                    assert os.path.exists(graph), f"{graph} is missing: was a compiler cache used?"
                    self.read(graph)

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for title, label in re.findall(r'^node: { title: "([^"]+)" label: "([^"]+)"', text, re.M):
            size = re.search(r"\\n(\d+) bytes \((\w+)", label)
            if size:
                assert size[2] != "dynamic", f"{title}: a stack of unknown size"
                self.stack[title] = int(size[1])
                self.short[label.split("\\n")[0]].add(title)
        for source, target in re.findall(
                r'^edge: { sourcename: "([^"]+)" targetname: "([^"]+)"', text, re.M):
            self.calls[source].add(target)

    def targets(self, function):
        inner = function.endswith("#inner")
        name = function.removesuffix("#inner")
        for target in self.calls[name]:
            if (name, target) in NEVER:
                continue
            if target != "__indirect_call":
                yield target
                continue
            for callee in indirect_targets(name):
                for title in self.short[callee]:
                    if name not in NESTED or name not in self.calls[title]:
                        yield title
                    elif not inner:
                        yield title

    def depth(self, function, path=()):
        """(bytes, the path) of the deepest chain of calls from a function."""
        if function in path and function in NESTED:
            function += "#inner"
        assert function not in path, "recursion: " + " > ".join((*path, function))
        if function in self.known:
            return self.known[function]
        own = self.stack.get(function.removesuffix("#inner"), 0)  # libgcc's and mem* take none
        deepest = max((self.depth(target, (*path, function)) for target in self.targets(function)),
                      default=(0, []))
        result = own + deepest[0], [f"{function.split('/')[-1]} {own}", *deepest[1]]
        if not NESTED.intersection(path):
            self.known[function] = result
        return result


def indirect_targets(function):
    for pattern, names in INDIRECT.items():
        if re.search(pattern, function):
            return names
    raise AssertionError(f"{function}: calls through a pointer that this test does not know")


def type_sizes():
    """Bytes of the types that a device places in RAM."""
    types = ("struct pawl_processor", "struct pawl_pud", "struct pawl_counter_log",
             "struct pawl_link_device")
    command = ["gdb-multiarch", "-batch", "-nx"]
    for name in types:
        command += ["-ex", f"print sizeof({name})"]
    text = subprocess.run([*command, os.path.join(FIRMWARE, "bin/firmware.elf")], check=True,
                          capture_output=True, text=True).stdout
    found = [int(value) for value in re.findall(r"= (\d+)", text)]
    assert len(found) == len(types), text
    return dict(zip(types, found))


def parts_present(table):
    return [name for name, _, _ in PARTS if table[name][".text"]]


def library_size(table):
    return table["src/core"][".text"] + table["src/processor"][".text"]


def boot_size(table):
    *boot, _ = parts_present(table)  # all but the port
    return sum(table[name][".text"] for name in boot)


def table_make(table, types, depth):
    lines = ["| part | text | data | bss |", "|---|---|---|---|"]
    for name in parts_present(table):
        row = table[name]
        lines.append(f"| {name} | {row['.text']:,} | {row['.data']:,} | {row['.bss']:,} |")
    lines += ["", "| sum | bytes |", "|---|---|",
              f"| device library: core and processor, text | {library_size(table):,} |",
              "| with counter log, cryptography and libgcc: all that a secure boot needs, text | "
              f"{boot_size(table):,} |"]
    lines += [f"| RAM: `{name}` | {size:,} |" for name, size in types.items()]
    lines += [f"| deepest stack, by the call graph | {depth:,} |"]
    return "\n".join(lines) + "\n"


def document_hold(text, write):
    """Whether the table stands in the document; `write` puts it there."""
    with open(DOCUMENT, encoding="utf-8") as file:
        document = file.read()
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition("<!-- end -->\n")
    assert begin and end, "docs/footprint.md has no place for the table"
    if write:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(head + begin + text + end + tail)
    return rest.startswith(text)


def main():
    write = sys.argv[1:] == ["--write"]
    table, types = sizes(), type_sizes()
    graph = CallGraph()
    depth, path = graph.depth("main")
    print(text := table_make(table, types, depth))
    print("deepest: " + " > ".join(path))
    problems = [f"{name}: {table[name]['.text']} bytes of text, more than {most}"
                for name, _, most in PARTS if table[name][".text"] > most]
    problems += [f"{name}: has data or bss of its own" for name in ("src/core", "src/processor")
                 if table[name][".data"] or table[name][".bss"]]
    if None in table:
        problems.append(f"{sum(table[None].values())} bytes belong to no part")
    if library_size(table) > LIBRARY_CEILING:
        problems.append(f"core and processor take {library_size(table)} bytes of text, "
                        f"more than {LIBRARY_CEILING}")
    if "BearSSL and its adapter" in parts_present(table) and boot_size(table) > BOOT_CEILING:
        problems.append(f"a secure boot takes {boot_size(table)} bytes, more than {BOOT_CEILING}")
    if depth > STACK_CEILING:
        problems.append(f"the stack can be {depth} bytes deep, more than {STACK_CEILING}")
    ram = types["struct pawl_processor"] + types["struct pawl_counter_log"]
    if ram > RAM_CEILING:
        problems.append(f"engine and counter log take {ram} bytes of RAM, more than {RAM_CEILING}")
    if not document_hold(text, write) and not write:
        problems.append("docs/footprint.md tells something else: footprint.py --write")
    for problem in problems:
        print("footprint: " + problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
