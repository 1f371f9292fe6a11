// Pulumi.yaml has Node.js load this before the program. A run compiles 700 files; the next one finds them compiled.
// The function is documented by Node.js since 22.1 and absent before: nothing is lost then but half a second.
require("node:module").enableCompileCache?.();
// The gRPC library takes https_proxy for its way to Pulumi on 127.0.0.1 too. The program has no other server to call by gRPC.
process.env.no_grpc_proxy = "127.0.0.1";
