package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// provider implements what the engine asks of an explicit AWS provider that only answers functions.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	aws aws.Config
}

// GetPluginInfo tells the engine the version.
func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

// GetSchema returns the smallest schema that is one: name and version.
func (p *provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	schema, err := json.Marshal(map[string]string{"name": "aws", "version": version})
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return &pulumirpc.GetSchemaResponse{Schema: string(schema)}, nil
}

// CheckConfig takes every input as it is and, as the real provider does, asks for a region and for credentials that
// AWS accepts.
func (p *provider) CheckConfig(ctx context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	inputs := textInputs(request.GetNews().GetFields())
	response := &pulumirpc.CheckResponse{Inputs: request.GetNews()}
	if inputs["region"] == "" {
		response.Failures = []*pulumirpc.CheckFailure{{
			Property: "region",
			Reason:   "missing region: give the provider one, or set AWS_REGION",
		}}
		return response, nil
	}
	if err := verifyCredentials(ctx, inputs); err != nil {
		response.Failures = []*pulumirpc.CheckFailure{{Reason: err.Error()}}
	}
	return response, nil
}

// textInputs are the inputs as texts, lists and maps being JSON already; what is not known yet is left out.
func textInputs(fields map[string]*structpb.Value) inputs {
	texts := inputs{}
	for key, value := range fields {
		if text, ok := value.GetKind().(*structpb.Value_StringValue); ok {
			texts[key] = text.StringValue
		}
	}
	return texts
}

// DiffConfig names the changed inputs; no change asks for a replacement.
func (p *provider) DiffConfig(_ context.Context, request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	changed := changedKeys(request.GetOldInputs().GetFields(), request.GetNews().GetFields())
	if len(changed) == 0 {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
	}
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_SOME, Diffs: changed}, nil
}

func changedKeys(before, after map[string]*structpb.Value) []string {
	var changed []string
	for key, value := range after {
		if old, known := before[key]; !known || !proto.Equal(old, value) {
			changed = append(changed, key)
		}
	}
	for key := range before {
		if _, kept := after[key]; !kept {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	return changed
}

// Configure signs in, and refuses an account that the inputs do not allow. It declines secrets, so the engine unwraps
// those in a function's arguments and marks the result as secret.
func (p *provider) Configure(
	ctx context.Context, request *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	config, err := signIn(ctx, configuredInputs(request.GetVariables()))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	p.aws = config
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

// Check refuses every resource: what the stand-in cannot create must fail early and by name.
func (p *provider) Check(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return nil, status.Errorf(codes.Unimplemented, "the AWS stand-in manages no resources, so not %s", request.GetUrn())
}

// Cancel has nothing to stop.
func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
