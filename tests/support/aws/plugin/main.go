// Command pulumi-resource-aws stands in for the AWS provider in tests: it signs in as that does, looks EKS clusters up, and manages
// no resource.
package main

import (
	"fmt"
	"net"
	"os"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// version is the release the engine believes it runs; the build sets it to that of the npm package.
var version = "0.0.0"

const orphanCheckInterval = 2 * time.Second

func main() {
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-aws (stand-in): %v\n", err)
		os.Exit(1)
	}
}

// serve listens on a free local port and prints it, which is how the engine learns where to connect.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on a local port: %w", err)
	}
	server := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(server, &provider{})
	go exitWithParent(os.Getppid())
	if _, err := fmt.Println(listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("telling the engine the port: %w", err)
	}
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("serving the engine: %w", err)
	}
	return nil
}

// exitWithParent ends the process once the engine is gone: a killed engine stops none of its plugins.
func exitWithParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(orphanCheckInterval)
	}
	os.Exit(0)
}
