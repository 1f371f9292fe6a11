package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

type function func(ctx context.Context, config aws.Config, arguments map[string]any) (map[string]any, error)

var functions = map[string]function{"aws:eks/getCluster:getCluster": getCluster}

// Invoke asks AWS; a function that is not in the table fails by its token.
func (p *provider) Invoke(ctx context.Context, request *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	token := request.GetTok()
	call, known := functions[token]
	if !known {
		return nil, status.Errorf(codes.Unimplemented, "the AWS stand-in does not answer %s, only %s",
			token, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	result, err := call(ctx, p.aws, request.GetArgs().AsMap())
	if err != nil {
		return nil, status.Errorf(codes.Unknown, "invoking %s: %v", token, err)
	}
	values, err := structpb.NewStruct(result)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encoding the result of %s: %v", token, err)
	}
	return &pulumirpc.InvokeResponse{Return: values}, nil
}

// getCluster fails with the real provider's words, which hide the ResourceNotFoundException of the AWS API.
func getCluster(ctx context.Context, config aws.Config, arguments map[string]any) (map[string]any, error) {
	name, _ := arguments["name"].(string)
	output, err := eks.NewFromConfig(config).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	var absent *types.ResourceNotFoundException
	if errors.As(err, &absent) {
		err = errors.New("couldn't find resource")
	}
	if err != nil {
		return nil, fmt.Errorf("1 error occurred:\n\t* reading EKS Cluster (%s): %w\n\n", name, err)
	}
	return clusterResult(config.Region, output.Cluster), nil
}

// clusterResult is what the npm package gives of a cluster; where the answer of EKS is not needed, a value stands that a
// cluster may have.
func clusterResult(region string, found *types.Cluster) map[string]any {
	name := aws.ToString(found.Name)
	certificateAuthority := ""
	if found.CertificateAuthority != nil {
		certificateAuthority = aws.ToString(found.CertificateAuthority.Data)
	}
	issuer := fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%s", region, name)
	return map[string]any{
		"accessConfigs": list(map[string]any{
			"authenticationMode":                      "API_AND_CONFIG_MAP",
			"bootstrapClusterCreatorAdminPermissions": false,
		}),
		"arn":                          aws.ToString(found.Arn),
		"certificateAuthorities":       list(map[string]any{"data": certificateAuthority}),
		"clusterId":                    "",
		"computeConfigs":               list(map[string]any{"enabled": false, "nodePools": list(), "nodeRoleArn": ""}),
		"controlPlaneScalingConfigs":   list(map[string]any{"tier": "standard"}),
		"createdAt":                    aws.ToTime(found.CreatedAt).Format(time.RFC3339),
		"deletionProtection":           false,
		"enabledClusterLogTypes":       list(),
		"endpoint":                     aws.ToString(found.Endpoint),
		"id":                           name,
		"identities":                   list(map[string]any{"oidcs": list(map[string]any{"issuer": issuer})}),
		"kubeApiServerConfigs":         list(),
		"kubeControllerManagerConfigs": list(),
		"kubeSchedulerConfigs":         list(),
		"kubernetesNetworkConfigs": list(map[string]any{
			"elasticLoadBalancings": list(map[string]any{"enabled": false}),
			"ipFamily":              "ipv4",
			"serviceIpv4Cidr":       "172.20.0.0/16",
			"serviceIpv6Cidr":       "",
		}),
		"name":                 name,
		"outpostConfigs":       list(),
		"platformVersion":      "eks.1",
		"region":               region,
		"remoteNetworkConfigs": list(),
		"roleArn":              aws.ToString(found.RoleArn),
		"status":               string(found.Status),
		"storageConfigs":       list(map[string]any{"blockStorages": list(map[string]any{"enabled": false})}),
		"tags":                 map[string]any{},
		"upgradePolicies":      list(map[string]any{"supportType": "STANDARD"}),
		"version":              aws.ToString(found.Version),
		"vpcConfig": map[string]any{
			"clusterSecurityGroupId": "sg-standin",
			"controlPlaneEgressMode": "AWS_MANAGED",
			"endpointPrivateAccess":  true,
			"endpointPublicAccess":   true,
			"publicAccessCidrs":      list("0.0.0.0/0"),
			"securityGroupIds":       list(),
			"subnetIds":              list("subnet-standin"),
			"vpcId":                  "vpc-standin",
		},
		"zonalShiftConfigs": list(map[string]any{"enabled": false}),
	}
}

func list(elements ...any) []any {
	return elements
}
