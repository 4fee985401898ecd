// Where a bot keeps what it must not forget, and the proof that only one bot does so.
#pragma once

#include <cstdint>
#include <string>

namespace mlbot::shell {

struct StateDirectory {
  std::string root;
  std::string journal() const { return root + "/journal"; }
  std::string archive() const { return root + "/archive.duckdb"; }
  std::string archive_socket() const { return root + "/archive.sock"; }  ///< of the archive's owner, 0600
  std::string origins() const { return root + "/origins"; }              ///< who wrote the journal
  std::string history() const { return root + "/history"; }              ///< what was fetched to fill gaps
  std::string market_run() const { return root + "/market.run"; }        ///< runs of an ingest
  /// What the archive's owner makes an ingest's frames from, to go on from.
  std::string frames() const { return root + "/frames.snapshot"; }
  std::string models() const { return root + "/models"; }
  std::string exchange() const { return root + "/exchange.state"; }
  std::string features() const { return root + "/features.checkpoint"; }
  std::string paper() const { return root + "/paper.state"; }            ///< account of PaperVenue
  std::string page_token() const { return root + "/page.token"; }        ///< 0600
  std::string trading_state() const { return root + "/trading.state"; }  ///< what one run hands to the next
  std::string audit() const { return root + "/audit"; }
  std::string kill_file() const { return root + "/KILL"; }        ///< shell/kill_file.h
  std::string running() const { return root + "/running.json"; }  ///< address of a running bot's page
  std::string run_summary(std::uint32_t epoch) const {
    return root + "/runs/" + std::to_string(epoch) + ".json";
  }
};

}  // namespace mlbot::shell
