"""A conformance kit for Open Inference Protocol v2: each rule of the specification is one check against any server.

Source of the rules: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md and
open_inference_rest.yaml; of the extension's: Triton's docs/protocol/extension_binary_data.md.
"""
