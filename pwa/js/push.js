// push
