/** Numbers of the fields that are written and read one by one. Source: onnx.proto3, the messages of these names. */
export const MODEL = { graph: 7, trainingInfo: 20, functions: 25 } as const;
export const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 } as const;
export const FUNCTION = { node: 7, attributeProto: 11 } as const;
export const NODE = { attribute: 5 } as const;
export const ATTRIBUTE = { t: 5, g: 6, tensors: 10, graphs: 11, sparseTensor: 22, sparseTensors: 23 } as const;
export const SPARSE_TENSOR = { values: 1, indices: 2 } as const;
export const TRAINING_INFO = { initialization: 1, algorithm: 2 } as const;
export const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;
export const STRING_STRING_ENTRY = { key: 1, value: 2 } as const;
