"""Requests made from docs/openapi.json."""
import json

from pawl_device import MEDIA_TYPE
from pawl_server import OPENAPI


def sample(schema):
    """A value that a path parameter may have and that nothing is called."""
    schema = OPENAPI.resolve(schema)
    if "example" in schema:
        return schema["example"]
    if schema.get("type") == "integer":
        return "999999"
    return "0" * (64 if "{64}" in schema.get("pattern", "") else 32)


def target_of(operation, known):
    """The path of a request, with the names of `known` things or of things that are not there."""
    path = operation.path
    for parameter in map(OPENAPI.resolve, operation.item.get("parameters", [])):
        if parameter["in"] == "path":
            name = parameter["name"]
            path = path.replace("{" + name + "}", str(known.get(name, sample(parameter["schema"]))))
    return path


def body_of(operation):
    """Some body of the right media type, and its headers."""
    content = OPENAPI.resolve(operation.item.get("requestBody", {})).get("content", {})
    if "application/json" in content:
        return json.dumps(content["application/json"].get("example", {})), \
            {"Content-Type": "application/json"}
    if "application/cose" in content:
        return b"\xa0", {"Content-Type": MEDIA_TYPE}
    return (b"x", {"Content-Type": "application/octet-stream"}) if content else (None, {})
