import type { ByteRange } from '@caissa/bytes';
import { elementCount } from '@caissa/tensor';
import protobuf from 'protobufjs/minimal.js';
import { onnx } from '../generated/onnx.js';
import { irVersionOf } from './ir-version.js';
import {
  ONNX_ITEM_SIZE_BYTES,
  type OnnxAttribute,
  type OnnxDataType,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
} from './model.js';

const DATA_TYPES: Readonly<Record<OnnxDataType, onnx.TensorProto.DataType>> = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float16: onnx.TensorProto.DataType.FLOAT16,
  int8: onnx.TensorProto.DataType.INT8,
  uint8: onnx.TensorProto.DataType.UINT8,
  int32: onnx.TensorProto.DataType.INT32,
  int64: onnx.TensorProto.DataType.INT64,
};

const utf8 = new TextEncoder();

/** The fields of a message before and after one that is too large to be encoded with it. */
export interface SplitMessage {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Bytes of an initializer's elements. */
export function dataSizeBytes(initializer: OnnxInitializer): number {
  return elementCount(initializer.shape) * ONNX_ITEM_SIZE_BYTES[initializer.dataType];
}

/**
 * Tag and length that stand before the bytes of a message, text or bytes field.
 * Source: Protocol Buffers encoding, "Length-Delimited Records" (wire type 2).
 */
export function fieldHead(fieldNumber: number, sizeBytes: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32((fieldNumber << 3) | 2)
    .uint32(sizeBytes)
    .finish();
}

/** A ModelProto's fields around its graph. */
export function encodeAroundGraph(model: OnnxModel): SplitMessage {
  const before = onnx.ModelProto.encode({
    irVersion: irVersionOf(model.opset),
    producerName: model.producerName,
    ...(model.producerVersion === undefined ? {} : { producerVersion: model.producerVersion }),
    ...(model.docString === undefined ? {} : { docString: model.docString }),
  }).finish();
  const after = onnx.ModelProto.encode({
    opsetImport: [{ domain: '', version: model.opset }],
    // Half of a surrogate pair, which JSON and pickles can hold, has no UTF-8: strict parsers refuse the whole file.
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({
      key: key.toWellFormed(),
      value: value.toWellFormed(),
    })),
  }).finish();
  return { before, after };
}

/** A GraphProto's fields around its initializers. */
export function encodeAroundInitializers({ graph }: OnnxModel): SplitMessage {
  const before = onnx.GraphProto.encode({ node: graph.nodes.map(nodeProto), name: graph.name }).finish();
  const after = onnx.GraphProto.encode({
    ...(graph.docString === undefined ? {} : { docString: graph.docString }),
    input: graph.inputs.map(valueProto),
    output: graph.outputs.map(valueProto),
  }).finish();
  return { before, after };
}

/** A TensorProto without its raw_data, which is the last field. */
export function encodeTensorHead(initializer: OnnxInitializer): Uint8Array {
  return onnx.TensorProto.encode({
    dims: [...initializer.shape],
    dataType: DATA_TYPES[initializer.dataType],
    name: initializer.name,
  }).finish();
}

/** A TensorProto whose elements lie in a range of another file. Source: onnx.proto, TensorProto.external_data. */
export function encodeExternalTensor(initializer: OnnxInitializer, location: string, place: ByteRange): Uint8Array {
  return onnx.TensorProto.encode({
    dims: [...initializer.shape],
    dataType: DATA_TYPES[initializer.dataType],
    name: initializer.name,
    externalData: [
      { key: 'location', value: location },
      { key: 'offset', value: String(place.offsetBytes) },
      { key: 'length', value: String(place.lengthBytes) },
    ],
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
  }).finish();
}

function nodeProto(node: OnnxNode): onnx.NodeProto.$Properties {
  return {
    input: [...node.inputs],
    output: [...node.outputs],
    name: node.name,
    opType: node.opType,
    attribute: Object.entries(node.attributes ?? {}).map(([name, attribute]) => attributeProto(name, attribute)),
  };
}

function attributeProto(name: string, attribute: OnnxAttribute): onnx.AttributeProto.$Properties {
  const { AttributeType } = onnx.AttributeProto;
  if ('int' in attribute) return { name, type: AttributeType.INT, i: attribute.int };
  if ('ints' in attribute) return { name, type: AttributeType.INTS, ints: [...attribute.ints] };
  if ('float' in attribute) return { name, type: AttributeType.FLOAT, f: attribute.float };
  return { name, type: AttributeType.STRING, s: utf8.encode(attribute.string) };
}

function valueProto(value: OnnxValue): onnx.ValueInfoProto.$Properties {
  const dim = value.shape.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return {
    name: value.name,
    type: { tensorType: { elemType: DATA_TYPES[value.dataType], shape: { dim } } },
    ...(value.docString === undefined ? {} : { docString: value.docString }),
  };
}
