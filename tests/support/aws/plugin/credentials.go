package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/diag"
)

// inputs are what a user gave the provider, by the names of the npm package; lists and maps are JSON.
type inputs map[string]string

const configPrefix = "aws:config:"

// configuredInputs takes the engine's prefix off the names of variables.
func configuredInputs(variables map[string]string) inputs {
	configured := inputs{}
	for name, value := range variables {
		configured[strings.TrimPrefix(name, configPrefix)] = value
	}
	return configured
}

// verifyCredentials fails when there are no credentials or AWS does not accept them, with the words of the real
// provider; that one puts advice of its own in the place of three of these errors.
func verifyCredentials(ctx context.Context, given inputs) error {
	settings, err := clientSettings(given)
	if err != nil {
		return err
	}
	_, _, diagnostics := awsbase.GetAwsConfig(ctx, settings)
	if err := firstError(diagnostics); err != nil {
		return fmt.Errorf("unable to validate AWS credentials.\nDetails: %w\n", err)
	}
	return nil
}

// signIn takes on the identity that the inputs and the environment name. It asks AWS whose it is, and refuses one of
// another account.
func signIn(ctx context.Context, given inputs) (aws.Config, error) {
	settings, err := clientSettings(given)
	if err != nil {
		return aws.Config{}, err
	}
	ctx, config, diagnostics := awsbase.GetAwsConfig(ctx, settings)
	if err := firstError(diagnostics); err != nil {
		return aws.Config{}, fmt.Errorf("configuring Terraform AWS Provider: %w", err)
	}
	account, _, diagnostics := awsbase.GetAwsAccountIDAndPartition(ctx, config, settings)
	if err := firstError(diagnostics); err != nil {
		return aws.Config{}, fmt.Errorf("Retrieving AWS account details: %w", err)
	}
	if err := settings.VerifyAccountIDAllowed(account); err != nil {
		return aws.Config{}, err
	}
	return config, nil
}

// clientSettings are the inputs that this project uses; the shared files of the AWS CLI are found as it finds them.
func clientSettings(given inputs) (*awsbase.Config, error) {
	settings := &awsbase.Config{Region: given["region"], Profile: given["profile"], CallerName: "stand-in"}
	if err := given.read("allowedAccountIds", &settings.AllowedAccountIds); err != nil {
		return nil, err
	}
	var roles []struct {
		RoleARN     string `json:"roleArn"`
		SessionName string `json:"sessionName"`
	}
	if err := given.read("assumeRoles", &roles); err != nil {
		return nil, err
	}
	for _, role := range roles {
		settings.AssumeRole = append(settings.AssumeRole, awsbase.AssumeRole{
			RoleARN: role.RoleARN, SessionName: role.SessionName,
		})
	}
	return settings, nil
}

func (given inputs) read(name string, into any) error {
	if given[name] == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(given[name]), into); err != nil {
		return fmt.Errorf("reading the provider's %s %q: %w", name, given[name], err)
	}
	return nil
}

func firstError(diagnostics diag.Diagnostics) error {
	for _, found := range diagnostics.Errors() {
		return errors.New(strings.TrimSpace(found.Summary() + "\n" + found.Detail()))
	}
	return nil
}
