"""Stands in for an AWS provider of which only the schema is at hand.

`python provider.py SCHEMA.json.xz SOCKET TYPE ...` serves the schema of these
types over the plugin protocol of Terraform, version 6, and prints what
TF_REATTACH_PROVIDERS has to be. Terraform itself then judges arguments, types,
blocks and references in `validate` and `plan`. What only the provider's own
code knows, such as the values of an enumeration, is not judged.

The schema is that of `terraform providers schema -json`.
"""

import json
import lzma
import os
import sys
import threading
from concurrent import futures

import grpc
import msgpack
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_grpc
from tf.gen import tfplugin_pb2 as plugin
from tf.gen import tfplugin_pb2_grpc as plugin_grpc

ADDRESS = "registry.terraform.io/hashicorp/aws"
UNKNOWN = msgpack.ExtType(0, b"\0")
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}


def type_of(attribute):
    """The type of an attribute as Terraform writes it: "string", ["list", …]."""
    nested = attribute.get("nested_type")
    if not nested:
        return attribute["type"]
    fields = {name: type_of(it) for name, it in nested["attributes"].items()}
    for name, it in (nested.get("block_types") or {}).items():
        fields[name] = type_of({"nested_type": dict(it["block"], nesting_mode=it["nesting_mode"])})
    mode = nested["nesting_mode"]
    return ["object", fields] if mode == "single" else [mode, ["object", fields]]


def flags(attribute):
    given = {it: bool(attribute.get(it)) for it in ("required", "optional", "computed")}
    return given if any(given.values()) else {"optional": True}


def attribute_message(name, attribute):
    nested = attribute.get("nested_type")
    if nested and (attribute.get("optional") or attribute.get("required")):
        message = plugin.Schema.Object(nesting=NESTING[nested["nesting_mode"]])
        for inner, it in nested["attributes"].items():
            message.attributes.append(attribute_message(inner, it))
        for inner, it in (nested.get("block_types") or {}).items():
            block = dict(it["block"], nesting_mode=it["nesting_mode"])
            message.attributes.append(attribute_message(inner, {"nested_type": block, "optional": True}))
        return plugin.Schema.Attribute(name=name, nested_type=message, **flags(attribute))
    return plugin.Schema.Attribute(name=name, type=json.dumps(type_of(attribute)).encode(), **flags(attribute))


def block_message(block):
    message = plugin.Schema.Block(version=0)
    for name, it in block.get("attributes", {}).items():
        message.attributes.append(attribute_message(name, it))
    for name, it in (block.get("block_types") or {}).items():
        many = it["nesting_mode"] in ("list", "set")
        message.block_types.add(
            type_name=name, block=block_message(it["block"]), nesting=NESTING[it["nesting_mode"]],
            min_items=it.get("min_items", 0) if many else 0, max_items=it.get("max_items", 0) if many else 0,
        )
    return message


def invented(kind, name, of):
    """A value that AWS could have answered."""
    if kind == "string":
        if name == "arn" or name.endswith("_arn"):
            return f"arn:aws:service:us-east-1:123456789012:{of}"
        if name == "json":
            return '{"Version": "2012-10-17", "Statement": []}'
        return {"account_id": "123456789012", "id": "id-0123456789abcdef0"}.get(name, f"{of}-{name}")
    if kind in ("number", "bool"):
        return 1 if kind == "number" else False
    if kind[0] in ("list", "set"):
        if kind[1] == "string":
            return [f"{name}-{it}" for it in range(6)]
        return [invented(kind[1], name, of)] if kind[1][0] == "object" else []
    if kind[0] == "map":
        return {}
    return {field: invented(it, field, of) for field, it in kind[1].items()} if kind[0] == "object" else None


def blocks_in(value, block):
    """The blocks that a value holds, with their schema."""
    for name, it in (block.get("block_types") or {}).items():
        inner = value.get(name)
        if isinstance(inner, dict):
            yield from ((one, it["block"]) for one in (inner.values() if it["nesting_mode"] == "map" else [inner]))
        elif isinstance(inner, list):
            yield from ((one, it["block"]) for one in inner)


def complete(value, block, answer):
    """Fills in what the provider computes."""
    if not isinstance(value, dict):
        return
    for name, it in block.get("attributes", {}).items():
        if it.get("computed") and value.get(name) is None:
            value[name] = answer(type_of(it), name)
    for inner, schema in blocks_in(value, block):
        complete(inner, schema, answer)


def read_only(value, block, path=()):
    """What is set although only the provider may."""
    if isinstance(value, dict):
        for name, it in block.get("attributes", {}).items():
            settable = it.get("optional") or it.get("required")
            if it.get("computed") and not settable and value.get(name) is not None:
                yield ".".join((*path, name))
        for inner, schema in blocks_in(value, block):
            yield from read_only(inner, schema, (*path, "…"))


def decoded(value):
    return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False) if value.msgpack else json.loads(value.json or "null")


def encoded(value):
    return plugin.DynamicValue(msgpack=msgpack.packb(value, use_bin_type=True))


class Provider(plugin_grpc.ProviderServicer):
    def __init__(self, schema, kinds):
        def pick(section):
            return {kind: it["block"] for kind, it in schema[section].items() if kind in kinds}

        self.resources, self.sources = pick("resource_schemas"), pick("data_source_schemas")
        self.schema = plugin.GetProviderSchema.Response(
            provider=plugin.Schema(version=0, block=block_message(schema["provider"]["block"])))
        for ours, theirs in ((self.resources, self.schema.resource_schemas), (self.sources, self.schema.data_source_schemas)):
            for kind, block in ours.items():
                theirs[kind].CopyFrom(plugin.Schema(version=0, block=block_message(block)))

    def GetMetadata(self, request, context):
        answer = plugin.GetMetadata.Response()
        for kind in self.resources:
            answer.resources.add(type_name=kind)
        for kind in self.sources:
            answer.data_sources.add(type_name=kind)
        return answer

    def GetProviderSchema(self, request, context):
        return self.schema

    def ValidateProviderConfig(self, request, context):
        return plugin.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        found = read_only(decoded(request.config), self.resources[request.type_name])
        return plugin.ValidateResourceConfig.Response(diagnostics=[
            plugin.Diagnostic(severity=1, summary="Read-only attribute", detail=f"{request.type_name}: {it} cannot be set")
            for it in found])

    def ValidateDataResourceConfig(self, request, context):
        return plugin.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return plugin.ConfigureProvider.Response()

    def PlanResourceChange(self, request, context):
        wanted = decoded(request.proposed_new_state)
        if wanted is not None and decoded(request.prior_state) is None:
            complete(wanted, self.resources[request.type_name], lambda kind, name: UNKNOWN)
        return plugin.PlanResourceChange.Response(planned_state=encoded(wanted), planned_private=request.prior_private)

    def ReadDataSource(self, request, context):
        wanted = decoded(request.config)
        complete(wanted, self.sources[request.type_name], lambda kind, name: invented(kind, name, request.type_name))
        return plugin.ReadDataSource.Response(state=encoded(wanted))

    def StopProvider(self, request, context):
        return plugin.StopProvider.Response()


class Controller(controller_grpc.GRPCControllerServicer):
    def Shutdown(self, request, context):
        return controller.Empty()


def main(schema, socket, *kinds):
    with lzma.open(schema) as file:
        (known,) = json.load(file)["provider_schemas"].values()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)])
    plugin_grpc.add_ProviderServicer_to_server(Provider(known, set(kinds)), server)
    controller_grpc.add_GRPCControllerServicer_to_server(Controller(), server)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    address = {"Network": "unix", "String": socket}
    print(json.dumps({ADDRESS: {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
