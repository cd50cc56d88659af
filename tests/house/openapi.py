#!/usr/bin/python3
"""docs/openapi.json says of each of pawld's routes what it takes and answers and who may use it, and
of no others. A new route needs an operation there: its path, its method, x-pawl-roles, and the
schemas of its body and answers."""
import copy
import os
import re
import subprocess
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_openapi import ROLES, OpenApi  # noqa: E402


def routes_of_pawld():
    text = subprocess.run([f"{os.environ['PAWL_TOOLS']}/route_list"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    return {(line[0], line[1], line[2], tuple(line[3:])) for line in map(str.split,
                                                                        text.splitlines())}


def routes_of_file(api):
    return {(listener, operation.method, operation.route,
             tuple(role for role in ROLES if role in operation.roles))
            for operation in api.operations for listener in operation.listeners}


def references_check(api, value):
    if isinstance(value, dict):
        if "$ref" in value:
            api.resolver.resolve(value["$ref"])
        for inner in value.values():
            references_check(api, inner)
    elif isinstance(value, list):
        for inner in value:
            references_check(api, inner)


def schemas_of(value):
    """Every schema in what stands under paths and components."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "schema":
                yield inner
            else:
                yield from schemas_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from schemas_of(inner)


def file_complaints(api):
    """What is wrong with the file by itself, beyond what a JSON parser finds."""
    document, complaints = api.document, []
    if not document["openapi"].startswith("3.1."):
        complaints.append("not OpenAPI 3.1")
    references_check(api, document)
    for schema in [*schemas_of(document["paths"]), *schemas_of(document["components"]),
                   *document["components"]["schemas"].values()]:
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [operation.id for operation in api.operations]
    complaints += [f"operationId {name} twice" for name in {*ids} if ids.count(name) > 1]
    for operation in api.operations:
        declared = [api.resolve(parameter) for parameter in operation.item.get("parameters", [])]
        named = {parameter["name"] for parameter in declared if parameter["in"] == "path"}
        if named != set(re.findall(r"\{([a-z_]+)\}", operation.path)):
            complaints.append(f"{operation}: its path and its path parameters differ")
        if not {*operation.roles} <= {*ROLES}:
            complaints.append(f"{operation}: roles are {', '.join(ROLES)}")
        if not any(status.startswith("2") for status in operation.item["responses"]):
            complaints.append(f"{operation}: no answer of success")
        if "default" not in operation.item["responses"] and operation.listeners != ["device"]:
            complaints.append(f"{operation}: no default answer, which is Error")
    return complaints


def route_complaints(actual, described):
    return [f"a route of pawld, not in openapi.json: {' '.join(map(str, route))}"
            for route in sorted(actual - described)] + \
           [f"in openapi.json, no route of pawld: {' '.join(map(str, route))}"
            for route in sorted(described - actual)]


api = OpenApi()
actual = routes_of_pawld()
assert len(actual) > 10, actual
complaints = file_complaints(api) + route_complaints(actual, routes_of_file(api))

# It must be able to see a route too many, one too few, and another role.
planted = copy.deepcopy(api.document)
planted["paths"]["/v1/planted"] = {"get": {**planted["paths"]["/v1/status"]["get"]}}
assert any("/v1/planted" in line for line in route_complaints(actual, routes_of_file(OpenApi(planted))))
assert any("twice" in line for line in file_complaints(OpenApi(planted)))
del planted["paths"]["/v1/planted"], planted["paths"]["/v1/audit"]
assert any("/v1/audit" in line for line in route_complaints(actual, routes_of_file(OpenApi(planted))))
planted["paths"]["/v1/status"]["get"]["x-pawl-roles"] = ["factory"]
assert len([line for line in route_complaints(actual, routes_of_file(OpenApi(planted)))
            if "/v1/status" in line]) == 2

for complaint in complaints:
    print(complaint, file=sys.stderr)
sys.exit(1 if complaints else 0)
