package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

const logVariable = "AWS_STAND_IN_LOG"

type function func(p *provider, arguments map[string]any) (map[string]any, error)

var functions = map[string]function{
	"aws:eks/getCluster:getCluster":                 getCluster,
	"aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
}

// Invoke logs the call and answers it from the file; a function that is not in the table fails by its token.
func (p *provider) Invoke(_ context.Context, request *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	token, arguments := request.GetTok(), request.GetArgs().AsMap()
	if err := logCall(token, arguments); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	call, known := functions[token]
	if !known {
		return nil, status.Errorf(codes.Unimplemented, "the AWS stand-in does not answer %s, only %s",
			token, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	result, err := call(p, arguments)
	if err != nil {
		return nil, status.Errorf(codes.Unknown, "invoking %s: %v", token, err)
	}
	values, err := structpb.NewStruct(result)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encoding the result of %s: %v", token, err)
	}
	return &pulumirpc.InvokeResponse{Return: values}, nil
}

// logCall adds one JSON line to the file that AWS_STAND_IN_LOG names, when it names one.
func logCall(token string, arguments map[string]any) error {
	path := os.Getenv(logVariable)
	if path == "" {
		return nil
	}
	line, err := json.Marshal(map[string]any{"by": "plugin", "token": token, "args": arguments})
	if err != nil {
		return fmt.Errorf("writing a call of %s as JSON: %w", token, err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the file of %s: %w", logVariable, err)
	}
	defer file.Close()
	if _, err := file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("adding a call to %s: %w", path, err)
	}
	return nil
}

func getCallerIdentity(p *provider, _ map[string]any) (map[string]any, error) {
	return map[string]any{
		"accountId": p.aws.Account,
		"arn":       p.aws.CallerARN,
		"id":        p.aws.Account,
		"userId":    "AROASTANDIN:" + p.aws.CallerARN[strings.LastIndex(p.aws.CallerARN, "/")+1:],
	}, nil
}

// getCluster finds a cluster of the provider's region, or of the region that the call itself gives. One that is not
// there fails with the real provider's words, which hide the ResourceNotFoundException of the AWS API.
func getCluster(p *provider, arguments map[string]any) (map[string]any, error) {
	name, _ := arguments["name"].(string)
	region, given := arguments["region"].(string)
	if !given {
		region = p.region
	}
	found, known := p.aws.Clusters[name]
	if !known || region != p.aws.Region {
		return nil, fmt.Errorf("1 error occurred:\n\t* reading EKS Cluster (%s): couldn't find resource\n\n", name)
	}
	return clusterResult(p.aws, name, found), nil
}

func clusterResult(aws *answers, name string, found cluster) map[string]any {
	arn := found.ARN
	if arn == "" {
		arn = fmt.Sprintf("arn:aws:eks:%s:%s:cluster/%s", aws.Region, aws.Account, name)
	}
	issuer := fmt.Sprintf("https://oidc.eks.%s.amazonaws.com/id/%s", aws.Region, name)
	return map[string]any{
		"accessConfigs": list(map[string]any{
			"authenticationMode":                      "API_AND_CONFIG_MAP",
			"bootstrapClusterCreatorAdminPermissions": false,
		}),
		"arn":                          arn,
		"certificateAuthorities":       list(map[string]any{"data": found.CertificateAuthority}),
		"clusterId":                    "",
		"computeConfigs":               list(map[string]any{"enabled": false, "nodePools": list(), "nodeRoleArn": ""}),
		"controlPlaneScalingConfigs":   list(map[string]any{"tier": "standard"}),
		"createdAt":                    "2023-01-01T00:00:00Z",
		"deletionProtection":           false,
		"enabledClusterLogTypes":       list(),
		"endpoint":                     found.Endpoint,
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
		"region":               aws.Region,
		"remoteNetworkConfigs": list(),
		"roleArn":              fmt.Sprintf("arn:aws:iam::%s:role/%s", aws.Account, name),
		"status":               found.Status,
		"storageConfigs":       list(map[string]any{"blockStorages": list(map[string]any{"enabled": false})}),
		"tags":                 map[string]any{},
		"upgradePolicies":      list(map[string]any{"supportType": "STANDARD"}),
		"version":              found.Version,
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
