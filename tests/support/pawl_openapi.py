"""docs/openapi.json as tests use it: which operation a request is, and whether what was sent and
answered is what the file says."""
import json
import os
import re

import jsonschema

METHODS = ("get", "put", "post", "delete", "patch")
ROLES = ("viewer", "operator", "admin", "factory")
ITEMS_CHECKED = 50  # of a long list
PATH = os.path.join(os.environ["PAWL_SOURCE"], "docs/openapi.json")


class Operation:
    def __init__(self, path, method, item):
        self.path, self.method, self.item = path, method.upper(), item
        self.listeners = item.get("x-pawl-listeners", ["operator"])
        self.roles = item["x-pawl-roles"]
        self.id = item["operationId"]
        self.pattern = re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path) + "$")
        self.route = re.sub(r"\{[a-z_]+\}", "*", path)

    def __str__(self):
        return f"{self.method} {self.path}"


class OpenApi:
    def __init__(self, document=None):
        if document is None:
            with open(PATH, encoding="utf-8") as file:
                document = json.load(file, object_pairs_hook=members_unique)
        self.document = document
        self.resolver = jsonschema.RefResolver("", document)
        self.operations = [Operation(path, method, item[method])
                           for path, item in document["paths"].items()
                           for method in METHODS if method in item]

    def resolve(self, value):
        return self.resolver.resolve(value["$ref"])[1] if "$ref" in value else value

    def find(self, listener, method, target):
        """The operation of a request, exact paths before patterns; None when it is none."""
        path = target.partition("?")[0]
        method = "GET" if method == "HEAD" else method
        fitting = [operation for operation in self.operations
                   if listener in operation.listeners and operation.method == method
                   and operation.pattern.match(path)]
        return min(fitting, key=lambda operation: operation.path.count("{"), default=None)

    def check(self, schema, value, what):
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        for error in validator.iter_errors(value):
            raise AssertionError(f"{what}: not as in openapi.json: {error.message} "
                                 f"at {error.json_path}")

    def check_answer(self, listener, method, target, sent, status, media_type, data):
        """One exchange. What the server refused needs to be the error that all operations share;
        what it took and answered, the body and the answer of the operation."""
        operation = self.find(listener, method, target)
        if status >= 400 or operation is None:
            assert status >= 400, f"{method} {target}: answered {status}, and is not in openapi.json"
            if method != "HEAD":
                shared = self.document["components"]["schemas"]["Error"]
                self.check(shared, json.loads(data), f"{method} {target} ({status})")
            return
        what = f"{operation} ({status})"
        responses = operation.item["responses"]
        assert str(status) in responses, f"{what}: no such answer in openapi.json"
        content = self.resolve(responses[str(status)]).get("content", {})
        if method != "HEAD" and content:
            media_type = (media_type or "").partition(";")[0].strip()
            assert media_type in content, f"{what}: answered with {media_type}"
            if media_type == "application/json":
                value = json.loads(data)
                if isinstance(value.get("items"), list):
                    del value["items"][ITEMS_CHECKED:]
                self.check(content[media_type]["schema"], value, what)
        self.check_body(operation, sent)

    def check_body(self, operation, sent):
        body = operation.item.get("requestBody")
        if body is None:
            return
        content = self.resolve(body)["content"]
        media = content.get("application/json")
        if media is None or not sent:
            return
        try:
            value = json.loads(sent)
        except ValueError:
            assert len(content) > 1, f"{operation}: took a body that is no JSON"
            return
        self.check(media["schema"], value, f"{operation} body")


def members_unique(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"openapi.json: a member twice among {names}"
    return dict(pairs)
