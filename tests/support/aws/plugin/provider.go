package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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
	region string
	aws    *answers
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

// CheckConfig takes every input as it is and, as the real provider does, asks for a region.
func (p *provider) CheckConfig(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	response := &pulumirpc.CheckResponse{Inputs: request.GetNews()}
	if _, given := request.GetNews().GetFields()["region"]; !given {
		response.Failures = []*pulumirpc.CheckFailure{{
			Property: "region",
			Reason:   "missing region: give the provider one, or set AWS_REGION",
		}}
	}
	return response, nil
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

// Configure reads the answers and refuses an account that the inputs do not allow. It declines secrets, so the engine
// unwraps those in a function's arguments and marks the result as secret.
func (p *provider) Configure(
	_ context.Context, request *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	aws, err := readAnswers()
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	inputs := request.GetVariables()
	if err := verifyAccount(inputs, aws.Account); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	p.aws, p.region = aws, inputs["aws:config:region"]
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

// verifyAccount fails with the real provider's words when the account is not one of allowedAccountIds, or is one of
// forbiddenAccountIds. With skipRequestingAccountId the real provider knows no account, so an allow list refuses it.
func verifyAccount(inputs map[string]string, account string) error {
	allowed, err := accountList(inputs, "allowedAccountIds")
	if err != nil {
		return err
	}
	forbidden, err := accountList(inputs, "forbiddenAccountIds")
	if err != nil {
		return err
	}
	if inputs["aws:config:skipRequestingAccountId"] == "true" {
		account = ""
	}
	if slices.Contains(forbidden, account) || (len(allowed) > 0 && !slices.Contains(allowed, account)) {
		return fmt.Errorf("AWS account ID not allowed: %s", account)
	}
	return nil
}

func accountList(inputs map[string]string, name string) ([]string, error) {
	text := inputs["aws:config:"+name]
	if text == "" {
		return nil, nil
	}
	var accounts []string
	if err := json.Unmarshal([]byte(text), &accounts); err != nil {
		return nil, fmt.Errorf("reading the provider's %s %q as a list of account ids: %w", name, text, err)
	}
	return accounts, nil
}

// Check refuses every resource: what the stand-in cannot create must fail early and by name.
func (p *provider) Check(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return nil, status.Errorf(codes.Unimplemented, "the AWS stand-in manages no resources, so not %s", request.GetUrn())
}

// Cancel has nothing to stop.
func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
