// Command pulumi-resource-kubernetes is the Kubernetes resource provider, built from its Go module.
//
// The provider's own main package embeds two generated files that its module does not carry, so it cannot be built as
// it is. This one embeds the schema and the mapping that the module does carry; the installer copies both here first.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
