/**
 * Functions, classes and whole modules beyond the standard library that run, load or fetch what they are given: each with
 * everything in it. `torch.load` and its like read pickles again, compilers take source code, loaders take paths.
 */
const GADGETS = `
torch.load torch.hub torch.jit torch.package torch.serialization torch.compile torch.classes torch.ops torch._ops torch._classes
torch._dynamo torch._inductor torch._export torch._functorch torch._utils._import_dotted_name torch._utils_internal torch._sources
torch._C.import_ir_module torch._C._import_ir_module_from_package torch._C.PyTorchFileReader torch._C.PyTorchFileWriter
torch._C._jit_compile torch._C._get_graph torch._C._load_for_lite_interpreter torch.storage._load_from_bytes torch.storage.torch
torch.cuda._memory_viz torch.distributed.elastic torch.distributed.launch torch.distributed.launcher torch.distributed.rpc
torch.distributed.run torch.distributed.nn.jit torch.export.load torch.fx.experimental torch.fx.graph torch.fx.graph_module
torch.fx._lazy_graph_module torch.fx.Graph torch.fx.GraphModule
torch.library torch.multiprocessing torch.onnx torch.profiler torch.testing._internal torch.utils._config_module
torch.utils.benchmark torch.utils.bottleneck torch.utils.bundled_inputs torch.utils.collect_env torch.utils.cpp_backtrace
torch.utils.cpp_extension torch.utils.data._utils.worker torch.utils.data._utils.signal_handling torch.utils.data.datapipes.utils torch.utils.file_baton torch.utils.hipify
torch.utils.jit torch.utils.mobile_optimizer torch.utils.model_dump torch.utils.model_zoo torch.utils.show_pickle
torch.utils.tensorboard torch.utils.viz torchvision.io torchvision.datasets.utils torchvision.extension torchaudio.load
torchaudio.utils torchtext.utils
numpy.load numpy.loads numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.fromregex numpy.save numpy.savetxt numpy.savez
numpy.DataSource numpy.f2py numpy.distutils numpy.testing numpy.ctypeslib numpy.compat numpy.lib.npyio numpy.lib._npyio_impl
numpy.lib.format numpy.lib.utils numpy.lib._datasource numpy.core._internal numpy._core._internal numpy._pytesttester
numpy.random._examples scipy.io scipy.datasets scipy.weave
pandas.read_pickle pandas.read_csv pandas.io pandas.eval pandas.core.computation pandas.util.testing pandas.DataFrame.eval
joblib dill cloudpickle jsonpickle klepto hickle sklearn.externals skops.io
pip setuptools pkg_resources wheel easy_install virtualenv conda poetry distlib
cffi cython Cython pyximport numba.core.codegen numba.pycc llvmlite pythoncom win32api win32com win32process win32pipe
IPython ipykernel jupyter jupyter_client notebook nbconvert pexpect ptyprocess sh plumbum invoke fabric paramiko
psutil.Popen psutil.Process psutil.test psutil.tests psutil._common.bcat psutil._common.cat psutil._common.open_binary
psutil._common.open_text six.exec_ six.moves torch._six.exec_ past.translation future.utils.exec_
requests httpx aiohttp urllib3 httplib2 websocket websockets pycurl boto3 botocore s3fs fsspec gcsfs smart_open
tornado twisted gevent eventlet flask django fastapi uvicorn werkzeug jinja2 mako
sqlalchemy pymysql psycopg2 pymongo redis zmq grpc docker kubernetes git asyncssh
tensorflow.io tensorflow.raw_ops tensorflow.saved_model tensorflow.load_library tensorflow.load_op_library
tensorflow.keras.models tensorflow.keras.utils tensorflow.python.lib.io tensorflow.python.saved_model tensorflow.python.util
keras.models keras.saving keras.utils keras.src.saving keras.src.models keras.src.legacy.saving keras.layers.Lambda
keras.src.layers.core.lambda_layer paddle.load mxnet.nd.load onnx.load onnxruntime.InferenceSession
transformers.pipeline transformers.pipelines transformers.dynamic_module_utils transformers.utils.hub
huggingface_hub datasets.load_dataset ray.cloudpickle distributed.protocol dask.utils mlflow.pyfunc
yaml.load yaml.unsafe_load yaml.full_load yaml.loader ruamel.yaml PIL.ImageShow PIL.Image.open PIL.ImageMath cv2.imread
sympy.sympify sympy.parsing sympy.core.sympify sympy.utilities.lambdify networkx.readwrite
nose pytest _pytest py.process test.support test.test_support celery rq luigi airflow
`;

/** What does none of it and lies inside them: what `torch.save` writes of `torch.compile(model)`, and what scripts keep of a response. */
const HARMLESS_INSIDE = `
torch._dynamo.backends.cudagraphs.cudagraphs torch._dynamo.backends.debugging.aot_eager
torch._dynamo.backends.debugging.eager torch._dynamo.backends.inductor.inductor
torch._dynamo.convert_frame.CatchErrorsWrapper torch._dynamo.convert_frame.ConvertFrame
torch._dynamo.convert_frame.ConvertFrameAssert torch._dynamo.convert_frame.ConvertFrameBox
torch._dynamo.eval_frame.DisableContext torch._dynamo.eval_frame.OptimizeContext torch._dynamo.eval_frame.OptimizedModule
torch._dynamo.eval_frame.RunOnlyContext torch._dynamo.hooks.Hooks torch._dynamo.repro.after_dynamo.WrapBackendDebug
requests.cookies.RequestsCookieJar requests.structures.CaseInsensitiveDict requests.structures.LookupDict
`;

const PATHS = pathsOf(GADGETS);
const EXCEPTIONS = pathsOf(HARMLESS_INSIDE);

function pathsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Whether a dotted path, or something that it lies in, is on the list. */
export function isGadget(path: string): boolean {
  if (EXCEPTIONS.has(path)) return false;
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    if (PATHS.has(path.slice(0, dot))) return true;
  }
  return PATHS.has(path);
}
