module datasets-server/standin

go 1.26
