package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// What one of the application's servers answers.
type server struct {
	prefix  string
	health  string
	metrics string
	routes  []string
}

// By Python package. A route that ends in / holds all that is below it.
var servers = map[string]server{
	"admin":   {"ADMIN", "/admin/healthcheck", "/admin/metrics", []string{"/admin/"}},
	"api":     {"API", "/healthcheck", "/metrics", []string{"/"}},
	"rows":    {"API", "/healthcheck", "/metrics", []string{"/rows"}},
	"search":  {"API", "/healthcheck", "/metrics", []string{"/search", "/filter"}},
	"sse_api": {"API", "/sse/healthcheck", "/sse/metrics", []string{"/sse/"}},
	"webhook": {"API", "/healthcheck", "/metrics", []string{"/webhook"}},
	"worker":  {"WORKER", "/healthcheck", "/metrics", nil},
}

// hung has a server accept requests and answer none, as a busy event loop does: not to SIGTERM either.
var hung atomic.Bool

var answered atomic.Int64

// serve answers until it is told to stop, then ends as uvicorn does: no new connection, idle ones closed, open requests answered.
func serve(component string, server server, stop <-chan struct{}) {
	address := net.JoinHostPort(os.Getenv(server.prefix+"_UVICORN_HOSTNAME"), os.Getenv(server.prefix+"_UVICORN_PORT"))
	// uvicorn's own time for idle connections.
	listening := &http.Server{Addr: address, Handler: answers(component, server), IdleTimeout: 5 * time.Second}
	ended := make(chan error)
	go func() { ended <- listening.ListenAndServe() }()
	logLine("Uvicorn running on http://%s", address)
	select {
	case err := <-ended:
		fail("%s cannot listen: %v", component, err)
	case <-stop:
	}
	logLine("Shutting down")
	if err := listening.Shutdown(context.Background()); err != nil {
		fail("%v", err)
	}
	logLine("Finished server process")
}

// A request asks the database, and waits for one that is away as long as PyMongo does in the application.
const databaseLimit = 30 * time.Second

func answers(component string, server server) http.Handler {
	pod, _ := os.Hostname()
	database := hostOf(secret("CACHE_MONGO_URL"))
	mux := http.NewServeMux()
	mux.HandleFunc(server.health, text("ok"))
	mux.HandleFunc(server.metrics, func(response http.ResponseWriter, request *http.Request) {
		text(fmt.Sprintf("# TYPE standin_answers_total counter\nstandin_answers_total %d\n", answered.Load()))(response, request)
	})
	for _, route := range server.routes {
		mux.HandleFunc(route, func(response http.ResponseWriter, request *http.Request) {
			query := request.URL.Query()
			if long, err := strconv.ParseFloat(query.Get("standin_seconds"), 64); err == nil {
				time.Sleep(time.Duration(long * float64(time.Second)))
			}
			if database != "" {
				if err := answeredWithin(database, "primary", databaseLimit); err != nil {
					http.Error(response, err.Error(), http.StatusInternalServerError)
					return
				}
			}
			response.Header().Set("content-type", "application/json")
			if status, err := strconv.Atoi(query.Get("standin_status")); err == nil {
				response.WriteHeader(status)
			}
			json.NewEncoder(response).Encode(map[string]string{"service": component, "pod": pod, "path": request.URL.Path})
			answered.Add(1)
		})
	}
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if hung.Load() {
			select {}
		}
		mux.ServeHTTP(response, request)
	})
}

func text(body string) http.HandlerFunc {
	return func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("content-type", "text/plain")
		fmt.Fprint(response, body)
	}
}

// worker takes jobs one after another and records them in the database; told to stop, it finishes the one that it has.
func worker(stop <-chan struct{}) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		long := seconds("STANDIN_JOB_SECONDS", 0)
		pod, _ := os.Hostname()
		for job := 1; long > 0; job++ {
			record("started", pod, job)
			time.Sleep(long)
			record("finished", pod, job)
			if !wait(100*time.Millisecond, stop) {
				return
			}
		}
		<-stop
	}()
	serve("worker", servers["worker"], over)
}

func record(what, pod string, job int) {
	line := fmt.Sprintf("%s %s/%d %s", what, pod, job, time.Now().UTC().Format(time.RFC3339Nano))
	logLine("job %s", line)
	if answer, err := ask(hostOf(secret("QUEUE_MONGO_URL")), "record "+line); err != nil || answer != "ok" {
		logLine("the job is not recorded: %s %v", answer, err)
	}
}

// secret returns what a variable holds, or, where secrets come as files, the file of its secret.
func secret(variable string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	if folder := os.Getenv("SECRETS_DIR"); folder != "" && strings.HasSuffix(variable, "MONGO_URL") {
		content, _ := os.ReadFile(folder + "/MONGO_URL")
		return string(content)
	}
	return ""
}
