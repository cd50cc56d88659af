"""Certificates for tests: an authority, and what it issues."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def name_of(*parts):
    kinds = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME}
    return x509.Name([x509.NameAttribute(kinds[kind], value) for kind, value in parts])


class Authority:
    """Writes PEM files into a directory: its own certificate, and NAME.crt with NAME.key."""

    def __init__(self, directory, name="test authority"):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name_of(("CN", name))
        self.certificate = self.sign(self.name, self.key.public_key(), True, [])
        self.path = self.write(f"{name.replace(' ', '-')}.crt", self.pem(self.certificate))

    @staticmethod
    def pem(certificate):
        return certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path + ".new", "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
        os.rename(path + ".new", path)
        return path

    def sign(self, subject, public_key, is_authority, extensions, start=-1, end=30):
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name) \
            .public_key(public_key).serial_number(x509.random_serial_number()) \
            .not_valid_before(now + start * DAY).not_valid_after(now + end * DAY) \
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, subject=None, client=False, use_rsa=False, **times):
        """(certificate, key): the paths of two files."""
        key = rsa.generate_private_key(65537, 2048) if use_rsa else \
            ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        extensions = [x509.ExtendedKeyUsage([usage])]
        if not client:
            extensions.append(x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]))
        certificate = self.sign(subject or name_of(("CN", name)), key.public_key(), False, extensions,
                                **times)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        return self.write(f"{name}.crt", self.pem(certificate)), self.write(f"{name}.key", private)
