"""A token of SoftHSM in a directory of its own, for tests that need an HSM."""
import os
import shutil
import subprocess

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
           "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
MODULE = next((path for path in MODULES if os.path.exists(path)), MODULES[0])
PIN = "correct-horse-17"


class Token:
    """One token, initialised. What has the environment of `environment()` reaches it."""

    def __init__(self, directory, label="pawl"):
        self.dir, self.label = directory, label
        os.makedirs(f"{directory}/tokens")
        with open(f"{directory}/softhsm2.conf", "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\n"
                       "log.level = ERROR\n")
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN,
                 "--so-pin", "so-pin-17")
        self.pin_file = f"{directory}/pin"
        self.pin_set(PIN)

    def environment(self):
        return {"SOFTHSM2_CONF": f"{self.dir}/softhsm2.conf"}

    def run(self, *command):
        return subprocess.run(command, env={**os.environ, **self.environment()}, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def tool(self, *arguments):
        return self.run("pkcs11-tool", "--module", MODULE, "--token-label", self.label, "--login",
                        "--pin", PIN, *arguments)

    def pin_set(self, pin):
        """A new file each time, as an editor or a secret store leaves it."""
        with open(f"{self.pin_file}.new", "w", encoding="ascii") as file:
            os.chmod(file.name, 0o600)
            file.write(f"{pin}\n")
        os.replace(f"{self.pin_file}.new", self.pin_file)

    def uri(self, name):
        return f"pkcs11:token={self.label};object={name}"

    def options(self, name):
        """What `pawld init` and `pawld new-master` take."""
        return ["--hsm", self.uri(name), "--hsm-module", MODULE, "--hsm-pin-file", self.pin_file]

    def key_put(self, name, value, *options):
        """A key that is known to the test, as a ceremony makes one."""
        path = f"{self.dir}/value"
        with open(path, "wb") as file:
            file.write(value)
        self.tool("--write-object", path, "--type", "secrkey", "--key-type", "AES:32", "--label",
                  name, "--usage-wrap", "--sensitive", *options)
        os.unlink(path)

    def read_out(self, name):
        """What the token says when it is asked for a key's value."""
        done = subprocess.run(
            ["pkcs11-tool", "--module", MODULE, "--token-label", self.label, "--login", "--pin",
             PIN, "--read-object", "--type", "secrkey", "--label", name],
            env={**os.environ, **self.environment()}, check=False, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        return done.stdout

    def key_make(self, name):
        self.tool("--keygen", "--key-type", "AES:32", "--label", name, "--usage-wrap", "--sensitive")

    def failed_logins_noted(self):
        """Whether the token saw a wrong PIN since the last right one."""
        slots = self.run("pkcs11-tool", "--module", MODULE, "--list-token-slots").decode()
        return "user PIN count low" in slots

    def remove(self):
        """The HSM is away."""
        shutil.move(f"{self.dir}/tokens", f"{self.dir}/away")
        os.makedirs(f"{self.dir}/tokens")

    def restore(self):
        os.rmdir(f"{self.dir}/tokens")
        shutil.move(f"{self.dir}/away", f"{self.dir}/tokens")
