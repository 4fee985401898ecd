// The one translation unit that holds the code of Asio, its TLS part and Beast; the others only see
// declarations.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
